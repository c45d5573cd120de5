/** Keys of entries as keys of a `Map`. */

/** What `buffer.toString('latin1')` calls: to make a `Buffer` of each key first takes longer than all the rest. */
const { latin1Slice } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
};

/** A string with one character for each byte: equal where the keys are. */
export function nameOfKey(key: Uint8Array): string {
  return latin1Slice.call(key, 0, key.length);
}
