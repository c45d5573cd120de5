/** What is stored: 20-byte keys in random order, values of 100 bytes that compress about two to one, both from a seed. */

const VALUE_BYTES = 100;

/** A set of records is named by four characters; two sets have no key in common, and lie among each other. */
export type SetName = string;

/** The key of record `index` of a set: 16 hexadecimal digits that look random, then the name of the set. */
export function keyAt(set: SetName, index: number): string {
  return hex(mix(index ^ 0x9e37_79b9)) + hex(mix(index + 0x7f4a_7c15)) + set;
}

/** Half of it is random, and repeated (as LevelDB's `db_bench` does). `edition`: another value for the same key. */
export function valueAt(index: number, edition = 0): Uint8Array {
  const value = new Uint8Array(VALUE_BYTES);
  let state = mix(index + Math.imul(edition, 0x2545_f491)) | 1;
  for (let at = 0; at < VALUE_BYTES / 2; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    value[at] = state;
  }
  value.copyWithin(VALUE_BYTES / 2, 0, VALUE_BYTES / 2);
  return value;
}

/** Numbers from 0 to below `end` that look random, the same in every run. */
export function randomBelow(seed: number, end: number): () => number {
  let count = seed;
  return () => mix(count++) % end;
}

/** A bijection of 32 bits (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
