/** Limits of keys, values and batches: the most that the protocol allows; a node may set lower ones for its own writes. */

export interface Limits {
  /** UTF-8 bytes of a key; the shortest has 1. At most 65,535. */
  readonly keyBytesMax: number;
  /** Bytes of a packed value. */
  readonly valueBytesMax: number;
  /** Operations of one batch. At most 4,096 times a few: a batch takes consecutive versions. */
  readonly batchEntriesMax: number;
  /** Keys and packed values of one batch together; a batch travels in one frame. */
  readonly batchBytesMax: number;
}

const MIB = 2 ** 20;

/** Sum of one batch (8 MiB) and its overhead stays below a frame (16 MiB). */
export const DEFAULT_LIMITS: Limits = {
  keyBytesMax: 1024,
  valueBytesMax: 8 * MIB,
  batchEntriesMax: 10_000,
  batchBytesMax: 8 * MIB,
};

/** Largest message between nodes, checked on the length before a byte is buffered. */
export const FRAME_BYTES_MAX: number = 16 * MIB;

/** Length and type, before the body. Part of the protocol. */
export const FRAME_HEADER_BYTES = 5;

/** Of the first message of a connection: a hello of whatever version, or a reject. What a stranger may make a node hold. */
export const FIRST_FRAME_BYTES_MAX: number = 64 * 1024;
