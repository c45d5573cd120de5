/** xxHash64 (XXH64) of `bytes` under `seed`, as an unsigned 64-bit integer. Part of the wire protocol. */
export type Hash64 = (bytes: Uint8Array, seed?: bigint) => bigint;
