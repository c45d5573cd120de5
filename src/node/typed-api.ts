/** The public face of a typed store. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CountOptions, EntriesOptions, Entry, ReadOptions } from './read-api.ts';
import type {
  BatchResult,
  DeleteOptions,
  DeleteResult,
  PutOptions,
  PutResult,
  WriteConcern,
} from './write-api.ts';

export interface TypedOptions<Schema extends StandardSchemaV1> {
  /** Any Standard Schema (https://standardschema.dev): of Zod, Valibot, ArkType and others; it may be asynchronous. */
  readonly schema: Schema;
  /** Which keys of the store are meant: those that begin so. They are named without it. Default: all. */
  readonly prefix?: string;
}

export type TypedOperation<Input> =
  | ({ readonly type: 'put'; readonly key: string; readonly value: Input } & Omit<
      PutOptions,
      keyof WriteConcern
    >)
  | ({ readonly type: 'del'; readonly key: string } & Omit<DeleteOptions, keyof WriteConcern>);

/**
 * The keys of a store that have a prefix, with values that match a schema. What a schema takes is stored; what it makes of
 * that is read. A value that does not match fails with `SCHEMA_MISMATCH`: written, by whoever writes it; read (another
 * program, or another version of this one, wrote it), by whoever reads it.
 */
export interface TypedStore<Input, Output> {
  put(key: string, value: Input, options?: PutOptions): Promise<PutResult>;
  get(key: string, options?: ReadOptions): Promise<Output | undefined>;
  getEntry(key: string, options?: ReadOptions): Promise<Entry<Output> | undefined>;
  /** Values in the order of `keys`. */
  getMany(keys: readonly string[], options?: ReadOptions): Promise<readonly (Output | undefined)[]>;
  del(key: string, options?: DeleteOptions): Promise<DeleteResult>;
  /** All or nothing: every value is checked before anything is written. */
  batch(operations: readonly TypedOperation<Input>[], options?: WriteConcern): Promise<BatchResult>;
  /** Ends with `SCHEMA_MISMATCH` at the first entry that does not match. */
  entries(options?: EntriesOptions): AsyncIterableIterator<Entry<Output>>;
  /** Values are not checked. */
  count(options?: CountOptions): Promise<number>;
}
