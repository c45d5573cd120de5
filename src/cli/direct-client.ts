/** The store of a folder that no node serves, opened in this process. */

import type {
  AggregateResult,
  Change,
  ClockRepairResult,
  CollectResult,
  DeleteOptions,
  DeleteResult,
  Entry,
  PutOptions,
  PutResult,
  Store,
  StoreStatus,
  SyncResult,
  UserEvent,
  Value,
  VerifyResult,
} from '../node/api.ts';
import { exportLines } from '../server/export-lines.ts';
import {
  importLines,
  type ImportOptions,
  type ImportReport,
  type ImportSummary,
} from '../server/import-lines.ts';
import { failure } from './cli-error.ts';
import { tellLacking } from './lacking.ts';
import type { AfterOptions, ListOptions, StoreClient } from './store-client.ts';

export class DirectClient implements StoreClient {
  readonly running = undefined;
  readonly cluster = undefined;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  put(key: string, value: Value, options: PutOptions): Promise<PutResult> {
    return this.#store.put(key, value, options);
  }

  async get(key: string, options: AfterOptions): Promise<Entry | undefined> {
    await tellLacking(this.#store);
    return this.#store.getEntry(key, options);
  }

  del(key: string, options: DeleteOptions): Promise<DeleteResult> {
    return this.#store.del(key, options);
  }

  async *entries(options: ListOptions): AsyncIterable<Entry> {
    await tellLacking(this.#store);
    yield* this.#store.entries(options);
  }

  async count(prefix: string, options: AfterOptions): Promise<number> {
    await tellLacking(this.#store);
    return this.#store.count({ prefix, ...options });
  }

  // oxlint-disable-next-line require-yield -- It has none to give.
  async *watch(): AsyncGenerator<Change | 'begun', undefined, undefined> {
    throw failure('Changes are watched at a running node: `store serve` starts one.');
  }

  broadcast(): Promise<void> {
    return Promise.reject(
      failure('A store without a running node has nobody to tell: `store serve` starts one.'),
    );
  }

  // oxlint-disable-next-line require-yield -- It has none to give.
  async *events(): AsyncGenerator<UserEvent | 'begun', undefined, undefined> {
    throw failure('Events are heard at a running node: `store serve` starts one.');
  }

  importLines(
    source: AsyncIterable<Uint8Array>,
    options: ImportOptions,
    report: ImportReport,
  ): Promise<ImportSummary> {
    return importLines(this.#store, source, options, report);
  }

  exportLines(prefix: string): AsyncIterable<string> {
    return exportLines(this.entries({ prefix }));
  }

  backupStream(): AsyncIterable<Uint8Array> {
    return this.#store.backupStream();
  }

  status(): Promise<StoreStatus> {
    return this.#store.status();
  }

  sync(): Promise<SyncResult> {
    return Promise.reject(failure('A store without a running node has no peers to sync with.'));
  }

  aggregate(): Promise<AggregateResult> {
    return Promise.reject(failure('A store without a running node knows of no other nodes.'));
  }

  collect(): Promise<CollectResult> {
    return this.#store.collect();
  }

  verify(repair: boolean): Promise<VerifyResult> {
    return this.#store.verify({ repair });
  }

  repairClock(all: boolean): Promise<ClockRepairResult> {
    return this.#store.repairClock({ all });
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
