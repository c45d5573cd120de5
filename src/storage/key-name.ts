/** Keys of entries as keys of a `Map`. */

/** A string with one character for each byte: equal where the keys are. */
export function nameOfKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
