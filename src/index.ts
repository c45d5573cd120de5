/** Boato: a replicated key-value store without a leader. */

export { ConditionError } from './core/condition.ts';
export { BoatoError, type ErrorCode } from './core/errors.ts';
export { SchemaError, type SchemaIssue } from './core/schema-error.ts';
export type {
  AggregateContribution,
  AggregateResult,
  BackupResult,
  BatchOperation,
  BatchResult,
  Broadcasting,
  Change,
  Changes,
  ClockRepairOptions,
  ClockRepairResult,
  Clustered,
  CollectResult,
  Compression,
  CountOptions,
  DeleteOptions,
  DeleteResult,
  Dot,
  EntriesOptions,
  Entry,
  FencedStatus,
  JoinOptions,
  JoinResult,
  ForgetOptions,
  ForgetResult,
  LeaveOptions,
  Member,
  MemberEventName,
  MemberEvents,
  MemberStatus,
  Node,
  NodeOptions,
  NodeStatus,
  PeerStatus,
  PutOptions,
  PutResult,
  ReadOptions,
  SessionStatus,
  SignalOptions,
  Store,
  StoreOptions,
  StoreStatus,
  SyncOptions,
  SyncResult,
  TlsStatus,
  UserEvent,
  UserEvents,
  Value,
  VerifyOptions,
  VerifyProblem,
  VerifyResult,
  Warning,
  WatchOptions,
  WriteConcern,
} from './node/api.ts';
export { openNode } from './node/open-node.ts';
export { openStore } from './node/open-store.ts';
export { restoreStore } from './node/restore-store.ts';
export type { TypedOperation, TypedOptions, TypedStore } from './node/typed-api.ts';
export { typed } from './node/typed.ts';
export { TooFewAcksError } from './node/write-concern.ts';
export type { Log } from './ports/log.ts';
export { type Counter, counterOf } from './views/counter.ts';
export { setOf, type StoredSet } from './views/set.ts';
