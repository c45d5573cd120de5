/** Keys at the edge: well-formed strings outside, UTF-8 bytes inside. */

import { newBytes } from '../core/bytes.ts';
import { BoatoError } from '../core/errors.ts';
import { isWellFormed } from '../core/well-formed.ts';

const encoder = new TextEncoder();

/** Of one unit of UTF-16. */
const UTF8_BYTES_MAX = 3;

/** Longer keys are rare, and get memory of their own. */
const SHORT_KEY_LENGTH = 256;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of `key`. Fails with `INVALID_KEY`. */
export function encodeKey(key: unknown, keyBytesMax: number): Uint8Array {
  if (typeof key !== 'string')
    throw new BoatoError('INVALID_KEY', `A key must be a string, not ${kindOf(key)}.`);
  if (key === '') throw new BoatoError('INVALID_KEY', 'A key must have at least one character.');
  const bytes = key.length > SHORT_KEY_LENGTH ? encodeText(key) : encodeShort(key);
  if (bytes.length > keyBytesMax) {
    throw new BoatoError(
      'INVALID_KEY',
      `A key must have at most ${keyBytesMax} bytes of UTF-8, and this one has ${bytes.length}.`,
    );
  }
  return bytes;
}

/** The bytes of a prefix or bound, which may be empty. Fails with `INVALID_KEY` on lone surrogates. */
export function encodeText(text: string): Uint8Array {
  assertWellFormed(text);
  return encoder.encode(text);
}

/** Cut from memory that keys share: with memory of its own for each, this takes three times as long. */
function encodeShort(key: string): Uint8Array {
  assertWellFormed(key);
  const bytes = newBytes(UTF8_BYTES_MAX * key.length);
  return bytes.subarray(0, encoder.encodeInto(key, bytes).written);
}

function assertWellFormed(text: string): void {
  if (isWellFormed(text)) return;
  throw new BoatoError(
    'INVALID_KEY',
    'A key must be well-formed Unicode, and this one has a lone surrogate.',
  );
}

export function decodeKey(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The first byte string after all that begin with `prefix`; `undefined` if there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const byte = prefix[at] as number;
    if (byte === 0xff) continue;
    const end = prefix.slice(0, at + 1);
    end[at] = byte + 1;
    return end;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : `a value of type ${typeof value}`;
}
