/** The hash as a port; the type lives in the core, which must not know the ports. */
export type { Hash64 } from '../core/hash64.ts';
