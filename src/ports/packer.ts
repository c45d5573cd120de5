/**
 * Packs trees of positional arrays (msgpack) for wire and disk. Only `undefined`-free trees of null, booleans,
 * safe integers, doubles, strings, bytes and arrays are given to it.
 */
export interface Packer {
  pack(tree: unknown): Uint8Array;
  /**
   * Throws on bytes that are not exactly one packed tree, or one of more than 100,000 values. Byte strings in the
   * answer may share memory with `bytes`.
   */
  unpack(bytes: Uint8Array): unknown;
}
