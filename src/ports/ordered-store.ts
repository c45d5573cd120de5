/**
 * An ordered key-value store: keys and values are bytes, keys are ordered as unsigned bytes. LevelDB on disk,
 * `memory-level` in memory; the layout in `src/storage` runs on both.
 */

/** A range of keys. At most one lower and one upper bound. */
export interface KeyRange {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse?: boolean;
  /** At most so many records. */
  readonly limit?: number;
  /** Without values (each value in the answer is empty): cheaper where only keys are wanted. */
  readonly keysOnly?: boolean;
}

export type StoredRecord = readonly [key: Uint8Array, value: Uint8Array];

/** An open scan over one consistent state of the store, the one at the moment it was begun. */
export interface Scan {
  /** At most `count` further records in order; an empty array once, and ever after, at the end. */
  next(count: number): Promise<readonly StoredRecord[]>;
  /** Frees the scan; harmless when repeated. */
  close(): Promise<void>;
}

/** One consistent state of a store, or its present state. */
export interface Reader {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Values in the order of `keys`. */
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  scan(range: KeyRange): Scan;
}

/** The state of a store at one instant; keeps old records alive until closed. */
export interface Snapshot extends Reader {
  close(): Promise<void>;
}

export type WriteOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export interface WriteOptions {
  /** Resolve only when the batch survives power loss (fsync). */
  readonly sync: boolean;
}

export interface OrderedStore extends Reader {
  /**
   * Applies all operations, in order, or none. After any error the caller must treat the store as fenced: LevelDB
   * acknowledges later writes that a reopen does not find.
   */
  write(operations: readonly WriteOperation[], options: WriteOptions): Promise<void>;
  snapshot(): Snapshot;
  /** Rewrites what is stored without the records that were overwritten or deleted. */
  compact(): Promise<void>;
  /**
   * Looks at the files beneath, where there are any: what is damaged in them fails when it is read from then on. `onPiece`
   * may throw, to call it off. A file that cannot be looked at is left to those who read it.
   */
  checkFiles?(onPiece: () => void): Promise<void>;
  /** Ends running scans and closes. Harmless when repeated. */
  close(): Promise<void>;
}
