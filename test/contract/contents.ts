/** Bytes by their contents: ports promise a `Uint8Array`, and a `Buffer` is one. */

import { types } from 'node:util';

/** In hexadecimal, which is also compared in no time when it is long. */
export function contents(bytes: Uint8Array): string {
  if (!types.isUint8Array(bytes)) throw new TypeError('not bytes');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function contentsOfAll(list: readonly (Uint8Array | undefined)[]): (string | undefined)[] {
  return list.map((bytes) => (bytes === undefined ? undefined : contents(bytes)));
}
