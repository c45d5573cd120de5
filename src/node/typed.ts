/** Typed stores: a schema of the user's choice (Standard Schema) checks what is written, and what is read. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BoatoError } from '../core/errors.ts';
import { SchemaError } from '../core/schema-error.ts';
import type { Store, Value } from './api.ts';
import { checkKnown } from './options.ts';
import type { CountOptions, EntriesOptions, Entry, ReadOptions } from './read-api.ts';
import type { TypedOperation, TypedOptions, TypedStore } from './typed-api.ts';
import type {
  BatchOperation,
  BatchResult,
  DeleteOptions,
  DeleteResult,
  PutOptions,
  PutResult,
  WriteConcern,
} from './write-api.ts';

/**
 * The keys of `store`, which may be a node, that begin with `options.prefix`, with values that match `options.schema`. It is
 * closed with its store. Fails with `INVALID_OPTION`.
 */
export function typed<Schema extends StandardSchemaV1>(
  store: Store,
  options: TypedOptions<Schema>,
): TypedStore<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>> {
  checkKnown(options, ['schema', 'prefix']);
  const { schema, prefix = '' } = options;
  if (typeof prefix !== 'string')
    throw new BoatoError('INVALID_OPTION', 'The option `prefix` must be a string.');
  const standard = (schema as Partial<StandardSchemaV1> | null | undefined)?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    throw new BoatoError(
      'INVALID_OPTION',
      'The option `schema` must be a Standard Schema, such as one of Zod, Valibot or ArkType: see https://standardschema.dev.',
    );
  }
  return new SchemaStore(store, schema, prefix);
}

class SchemaStore<Input, Output> implements TypedStore<Input, Output> {
  readonly #store: Store;
  readonly #schema: StandardSchemaV1;
  readonly #prefix: string;

  constructor(store: Store, schema: StandardSchemaV1, prefix: string) {
    this.#store = store;
    this.#schema = schema;
    this.#prefix = prefix;
  }

  /** Nothing waits where the schema does not: the value is stored as it is when this is called. */
  async put(key: string, value: Input, options?: PutOptions): Promise<PutResult> {
    const checking = this.#check('write', this.#full(key), value);
    if (checking instanceof Promise) await checking;
    return this.#store.put(this.#full(key), value as Value, options);
  }

  async get(key: string, options?: ReadOptions): Promise<Output | undefined> {
    return this.#read(key, await this.#store.get(this.#full(key), options));
  }

  async getEntry(key: string, options?: ReadOptions): Promise<Entry<Output> | undefined> {
    const entry = await this.#store.getEntry(this.#full(key), options);
    return entry && this.#readEntry(entry);
  }

  async getMany(keys: readonly string[], options?: ReadOptions): Promise<readonly (Output | undefined)[]> {
    const full = Array.isArray(keys) ? Array.from(keys as readonly string[], (key) => this.#full(key)) : keys;
    const values = await this.#store.getMany(full, options);
    return Promise.all(values.map((value, at) => this.#read(keys[at] as string, value)));
  }

  del(key: string, options?: DeleteOptions): Promise<DeleteResult> {
    return this.#store.del(this.#full(key), options);
  }

  async batch(operations: readonly TypedOperation<Input>[], options?: WriteConcern): Promise<BatchResult> {
    // What is no list of operations, the store refuses.
    if (!Array.isArray(operations))
      return this.#store.batch(operations as unknown as readonly BatchOperation[], options);
    const full = Array.from(operations as readonly TypedOperation<Input>[], (operation) => {
      return typeof operation === 'object' && operation !== null
        ? { ...operation, key: this.#full(operation.key) }
        : operation;
    });
    const checking = full.map((operation) =>
      operation?.type === 'put' ? this.#check('write', operation.key, operation.value) : undefined,
    );
    if (checking.some((check) => check instanceof Promise)) await Promise.all(checking);
    return this.#store.batch(full as readonly BatchOperation[], options);
  }

  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry<Output>, void, undefined> {
    const { prefix = '', gt, lt } = options;
    const bounds = {
      prefix: this.#full(prefix),
      ...(gt === undefined ? {} : { gt: this.#full(gt) }),
      ...(lt === undefined ? {} : { lt: this.#full(lt) }),
    };
    for await (const entry of this.#store.entries({ ...options, ...bounds })) yield this.#readEntry(entry);
  }

  count(options: CountOptions = {}): Promise<number> {
    return this.#store.count({ ...options, prefix: this.#full(options.prefix ?? '') });
  }

  /** What is no string stays as it is, for the store to refuse. */
  #full(key: string): string {
    return typeof key === 'string' ? `${this.#prefix}${key}` : key;
  }

  async #readEntry(entry: Entry): Promise<Entry<Output>> {
    const value = (await this.#check('read', entry.key, entry.value)) as Output;
    return { ...entry, key: entry.key.slice(this.#prefix.length), value };
  }

  async #read(key: string, value: Value | undefined): Promise<Output | undefined> {
    return value === undefined ? undefined : ((await this.#check('read', this.#full(key), value)) as Output);
  }

  /** What the schema makes of `value`. A promise only if the schema is asynchronous. Fails with `SCHEMA_MISMATCH`. */
  #check(direction: 'write' | 'read', key: string, value: unknown): unknown {
    const settle = (result: StandardSchemaV1.Result<unknown>): unknown => {
      if (result.issues === undefined) return result.value;
      throw new SchemaError(direction, key, result.issues.map(flatIssue));
    };
    const fail = (cause: unknown): never => {
      throw cause instanceof SchemaError ? cause : new SchemaError(direction, key, [], { cause });
    };
    try {
      const result = this.#schema['~standard'].validate(value);
      return result instanceof Promise ? result.then(settle).catch(fail) : settle(result);
    } catch (error) {
      return fail(error);
    }
  }
}

function flatIssue({ message, path = [] }: StandardSchemaV1.Issue): { message: string; path: PropertyKey[] } {
  return { message, path: path.map((step) => (typeof step === 'object' ? step.key : step)) };
}
