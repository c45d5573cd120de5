/** Values as one line of text that no terminal obeys. */

import { inspect } from 'node:util';
import type { Value } from '../node/api.ts';
import { valueToJson } from '../server/value-json.ts';

/** Control characters, the backslash that escapes them, and marks that change the direction of the text behind them. */
const UNSAFE = /[\p{Cc}\\\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
};

/** `text` with everything unsafe as `\n`, `\t`, `\\` or `\u{…}`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => {
    return SHORT_ESCAPES[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** A value in one line: text as it is, JSON, bytes as base64, and what JSON cannot carry as JavaScript shows it. */
export function valueText(value: Value): string {
  const { type, value: json } = valueToJson(value);
  switch (type) {
    case 'text':
    case 'binary':
      return json as string;
    case 'json':
      return JSON.stringify(json);
    case 'msgpack':
      return inspect(value, { depth: null, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: null });
  }
}
