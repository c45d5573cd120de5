/** Values as bytes: msgpack, written by `msgpackr`. */

import { Packr } from 'msgpackr';
import { BoatoError } from '../core/errors.ts';
import type { Value } from '../node/api.ts';
import { checkValue } from './value-check.ts';
import { readValue } from './value-reader.ts';

/**
 * Without records, which need state that both sides share; with maps of any size; and without `toJSON`, which is a
 * property like any other here.
 */
const packr = new Packr({ useRecords: false, variableMapSize: true, moreTypes: false, useToJSON: false });

/** Fails with `INVALID_VALUE`, one sentence that names the place, for what would not come back as it was. */
export function packValue(value: unknown): Uint8Array {
  checkValue(value);
  const { buffer, byteOffset, byteLength } = packr.pack(value);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * The value that was packed; shares no memory with `bytes`. Fails with `RECORD_DAMAGED` on bytes that `packValue` does
 * not make: whatever comes back can be packed again.
 */
export function unpackValue(bytes: Uint8Array): Value {
  try {
    return readValue(bytes);
  } catch (cause) {
    throw new BoatoError('RECORD_DAMAGED', 'A stored value is not a packed value.', { cause });
  }
}
