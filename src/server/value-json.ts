/** Values as JSON: one of four forms, named by `type`, so that every value comes back as it was. */

import { packValue, unpackValue } from '../adapters/value-codec.ts';
import { BoatoError } from '../core/errors.ts';
import type { Value } from '../node/api.ts';

export type ValueType = 'text' | 'json' | 'binary' | 'msgpack';

export const VALUE_TYPES: readonly ValueType[] = ['text', 'json', 'binary', 'msgpack'];

/**
 * `text`: a string. `json`: any other value that JSON carries. `binary`: bytes, as base64. `msgpack`: what JSON cannot
 * carry (dates, big integers, NaN, bytes inside of arrays or objects), as base64 of the packed value.
 */
export interface ValueJson {
  readonly type: ValueType;
  readonly value: unknown;
}

export function valueToJson(value: Value): ValueJson {
  if (typeof value === 'string') return { type: 'text', value };
  if (value instanceof Uint8Array) return { type: 'binary', value: toBase64(value) };
  if (isCarriedByJson(value)) return { type: 'json', value };
  return { type: 'msgpack', value: toBase64(packValue(value)) };
}

/**
 * The value that `valueToJson` was given. Without a `type` any JSON value stands for itself.
 * Throws `INVALID_VALUE` if `value` does not fit `type`.
 */
export function valueFromJson(value: unknown, type: unknown): Value {
  switch (type) {
    case undefined:
    case 'json':
      if (value === undefined) throw new BoatoError('INVALID_VALUE', 'The field "value" is missing.');
      if (isCarriedByJson(value as Value)) return value as Value;
      throw new BoatoError(
        'INVALID_VALUE',
        'A number in the value is -0 or too large: it would not come back as it is.',
      );
    case 'text':
      if (typeof value === 'string') return value;
      throw new BoatoError('INVALID_VALUE', 'The value of type "text" must be a string.');
    case 'binary':
      return fromBase64(value, type);
    case 'msgpack':
      return unpack(fromBase64(value, type));
    default:
      throw new BoatoError('INVALID_VALUE', `The field "type" must be one of ${VALUE_TYPES.join(', ')}.`);
  }
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Throws `INVALID_VALUE` for anything but canonical base64: `Buffer` alone skips what it does not know. */
export function fromBase64(text: unknown, type: ValueType): Uint8Array {
  if (typeof text === 'string') {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') === text) return new Uint8Array(bytes);
  }
  throw new BoatoError('INVALID_VALUE', `The value of type "${type}" must be base64, padded with "=".`);
}

function unpack(bytes: Uint8Array): Value {
  try {
    return unpackValue(bytes);
  } catch (cause) {
    throw new BoatoError('INVALID_VALUE', 'The value of type "msgpack" does not hold a packed value.', {
      cause,
    });
  }
}

/** Deeper values are no store's: what is below is not looked at, so that no JSON can exhaust the stack. */
const DEPTH_MAX = 100;

/** `JSON.parse` reads 1e999 as infinite, and `JSON.stringify` writes that as null and -0 as 0. */
function isCarriedByJson(value: Value, depth: number = 0): boolean {
  const isItem = (item: Value): boolean => isCarriedByJson(item, depth + 1);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      if (value === null || depth > DEPTH_MAX) return true;
      if (Array.isArray(value)) return (value as readonly Value[]).every(isItem);
      if (value instanceof Uint8Array || value instanceof Date) return false;
      return Object.values(value as { readonly [name: string]: Value }).every(isItem);
    default:
      return false;
  }
}
