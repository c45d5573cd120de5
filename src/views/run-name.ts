/** Names for what one run of a program writes: nobody else ever writes under them, whatever is restored or copied. */

import type { Random } from '../ports/random.ts';

/** 96 bits in 16 characters. */
export function runName(random: Random): string {
  const words = Uint32Array.from({ length: 3 }, () => random.uint32());
  return Buffer.from(words.buffer).toString('base64url');
}
