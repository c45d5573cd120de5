/** Boato: a replicated key-value store without a leader. */

export { BoatoError, type ErrorCode } from './core/errors.ts';
export type {
  BackupResult,
  BatchOperation,
  ClockRepairOptions,
  ClockRepairResult,
  CollectResult,
  Compression,
  EntriesOptions,
  Entry,
  Node,
  NodeOptions,
  NodeStatus,
  PeerStatus,
  PutOptions,
  SessionStatus,
  Store,
  StoreOptions,
  StoreStatus,
  SyncOptions,
  SyncResult,
  Value,
  VerifyOptions,
  VerifyProblem,
  VerifyResult,
  Warning,
} from './node/api.ts';
export { openNode } from './node/open-node.ts';
export { openStore } from './node/open-store.ts';
export { restoreStore } from './node/restore-store.ts';
export type { Log } from './ports/log.ts';
