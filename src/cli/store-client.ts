/** What commands need of a store, whether a running node answers or the folder is opened here. */

import type {
  AggregateResult,
  Change,
  ClockRepairResult,
  CollectResult,
  DeleteOptions,
  DeleteResult,
  Entry,
  NodeStatus,
  PutOptions,
  PutResult,
  StoreStatus,
  SyncResult,
  UserEvent,
  Value,
  VerifyResult,
} from '../node/api.ts';
import type { ImportOptions, ImportReport, ImportSummary } from '../server/import-lines.ts';
import type { ClusterClient } from './cluster-client.ts';

/** Reads that wait for a write. */
export interface AfterOptions {
  readonly after?: string;
  readonly timeoutMs?: number;
}

export interface ListOptions extends AfterOptions {
  readonly prefix: string;
  readonly limit?: number;
}

export interface WatchRequest {
  readonly prefix: string;
  readonly since?: string;
}

export interface SyncRequest {
  readonly wait: boolean;
  readonly timeoutMs?: number;
}

/** The process that serves the folder. */
export interface RunningNode {
  readonly pid: number | undefined;
  readonly socket: string;
}

export interface StoreClient {
  /** `undefined`: no node runs, this process opened the folder. */
  readonly running: RunningNode | undefined;
  /** Only where a node runs. */
  readonly cluster: ClusterClient | undefined;
  put(key: string, value: Value, options: PutOptions): Promise<PutResult>;
  get(key: string, options: AfterOptions): Promise<Entry | undefined>;
  del(key: string, options: DeleteOptions): Promise<DeleteResult>;
  entries(options: ListOptions): AsyncIterable<Entry>;
  count(prefix: string, options: AfterOptions): Promise<number>;
  /** Only where a node runs. `begun` comes first; `onToken` is told where to go on. */
  watch(
    request: WatchRequest,
    onToken: (token: string) => void,
  ): AsyncGenerator<Change | 'begun', undefined, undefined>;
  /** Only where a node runs. */
  broadcast(name: string, payload: Value): Promise<void>;
  /** Only where a node runs. `begun` comes first. */
  events(): AsyncGenerator<UserEvent | 'begun', undefined, undefined>;
  importLines(
    source: AsyncIterable<Uint8Array>,
    options: ImportOptions,
    report: ImportReport,
  ): Promise<ImportSummary>;
  /** The lines of an export, cut anywhere. */
  exportLines(prefix: string): AsyncIterable<string | Uint8Array>;
  /** The file of a backup. */
  backupStream(): AsyncIterable<Uint8Array>;
  status(): Promise<StoreStatus | NodeStatus>;
  /** Only where a node runs. */
  sync(request: SyncRequest): Promise<SyncResult>;
  /** Only where a node runs. */
  aggregate(name: string): Promise<AggregateResult>;
  collect(): Promise<CollectResult>;
  verify(repair: boolean): Promise<VerifyResult>;
  repairClock(all: boolean): Promise<ClockRepairResult>;
  close(): Promise<void>;
}
