/** Reads JSON from outside: what `JSON.parse` would change silently is refused. */

import { BoatoError } from '../core/errors.ts';

/** No integer that is rounded has fewer digits: the first one is 2^53 + 1. */
const MAY_BE_ROUNDED = /\d{16}/u;

const NUMBER = /-?\d[\d.eE+-]*/gu;
const INTEGER = /^-?\d+$/u;

const SHOWN_CHARACTERS = 40;

/**
 * `JSON.parse`, for which an integer that would not print back as it is written is `INVALID_VALUE`, and text that is no
 * JSON is the error that `notJson` makes.
 */
export function parseExactJson(text: string, notJson: (cause: unknown) => BoatoError): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notJson(cause);
  }
  const rounded = MAY_BE_ROUNDED.test(text) ? findRounded(text) : undefined;
  if (rounded === undefined) return json;
  const shown = rounded.length > SHOWN_CHARACTERS ? `${rounded.slice(0, SHOWN_CHARACTERS)}…` : rounded;
  throw new BoatoError(
    'INVALID_VALUE',
    `The number ${shown} has too many digits: it would not come back as it is; store it as text.`,
  );
}

/** The first integer outside of strings that is changed by being read. `text` is JSON. */
function findRounded(text: string): string | undefined {
  for (let from = 0; from < text.length;) {
    const quote = text.indexOf('"', from);
    const end = quote === -1 ? text.length : quote;
    for (const [number] of text.slice(from, end).matchAll(NUMBER)) {
      if (INTEGER.test(number) && isRounded(number)) return number;
    }
    from = quote === -1 ? text.length : endOfString(text, quote);
  }
  return undefined;
}

/** Infinite is left to the check of values, which refuses it in its own words. */
function isRounded(integer: string): boolean {
  const number = Number(integer);
  return !Number.isSafeInteger(number) && Number.isFinite(number) && digitsOf(number) !== integer;
}

/** All digits of what `JSON.stringify` prints: `1e+21` is `1000000000000000000000`. */
function digitsOf(number: number): string {
  const [mantissa = '', exponent] = String(number).split('e+');
  if (exponent === undefined) return mantissa;
  const [whole = '', fraction = ''] = mantissa.split('.');
  return whole + fraction.padEnd(Number(exponent), '0');
}

/** Behind the quote that closes the string whose opening quote is at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}
