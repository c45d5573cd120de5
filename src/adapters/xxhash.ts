/** xxHash64 through `xxhash-wasm`. */

import createXxhash from 'xxhash-wasm';
import type { Hash64 } from '../ports/hash64.ts';

export async function createHash64(): Promise<Hash64> {
  const xxhash = await createXxhash();
  return (bytes, seed = 0n) => xxhash.h64Raw(bytes, seed);
}
