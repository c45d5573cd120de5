/** A node in memory, the double of the route tests: it keeps a map, and does as each test tells it. */

import { silentLog } from '../../src/adapters/silent-log.ts';
import { ConditionError } from '../../src/core/condition.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type {
  AggregateResult,
  BackupResult,
  BatchOperation,
  BatchResult,
  Change,
  Changes,
  ClockRepairOptions,
  ClockRepairResult,
  CollectResult,
  CountOptions,
  DeleteOptions,
  DeleteResult,
  EntriesOptions,
  Entry,
  ForgetOptions,
  ForgetResult,
  JoinOptions,
  JoinResult,
  LeaveOptions,
  Member,
  MemberEventName,
  MemberEvents,
  Node,
  NodeEvents,
  NodeStatus,
  PutOptions,
  PutResult,
  ReadOptions,
  SyncOptions,
  SyncResult,
  UserEvents,
  Value,
  VerifyOptions,
  VerifyResult,
  WatchOptions,
  WriteConcern,
} from '../../src/node/api.ts';
import { MemberEmitter } from '../../src/node/member-emitter.ts';

const SYNCED: SyncResult = { peers: 2, inSync: 2, entriesReceived: 1, bytesReceived: 10, bytesSent: 20 };

export class FakeNode implements Node {
  readonly nodeId = 'fake';
  readonly address = '127.0.0.1:7531';
  readonly stopped: Promise<Error | undefined> = new Promise(() => {});
  readonly entryByKey = new Map<string, Entry>();
  readonly verifyCalls: VerifyOptions[] = [];
  readonly syncCalls: SyncOptions[] = [];
  /** Options of writes and reads that had any. */
  readonly optionCalls: object[] = [];
  readonly watchCalls: WatchOptions[] = [];
  readonly listeners = new Set<UserEvents['event']>();
  /** Where a watch goes on. */
  token = 'T0';
  /** What a watch tells, once it has begun. */
  changes: AsyncIterable<Change> = (async function* none() {})();
  begun: Promise<void> = Promise.resolve();
  /** Called before a put is stored; a rejection is the put's. */
  beforePut: (key: string) => Promise<void> = () => Promise.resolve();
  /** Called before an entry is yielded; a rejection ends the scan. */
  beforeEntry: (key: string) => Promise<void> = () => Promise.resolve();
  onScanClosed: () => void = () => undefined;
  answerSync: (options: SyncOptions) => Promise<SyncResult> = () => Promise.resolve(SYNCED);
  /** What a backup brings; an error ends it. */
  backupPieces: (Uint8Array | Error)[] = [];
  knownMembers: readonly Member[] = [];
  readonly memberCalls: unknown[] = [];
  /** A rejection is that of the next call about members. */
  memberError: Error | undefined;
  joined: JoinResult = { reached: [], unreached: [] };
  readonly #emitter = new MemberEmitter(silentLog);
  writesInFlight = 0;
  writesInFlightMax = 0;
  #version = 0;

  members(): readonly Member[] {
    if (this.memberError !== undefined) throw this.memberError;
    return this.knownMembers;
  }

  async join(
    addresses: readonly string[],
    { signal: _signal, ...options }: JoinOptions = {},
  ): Promise<JoinResult> {
    await this.#callAboutMembers('join', addresses, options);
    return this.joined;
  }

  leave(options: LeaveOptions = {}): Promise<void> {
    return this.#callAboutMembers('leave', options);
  }

  async forget(nodeId: string, options: ForgetOptions = {}): Promise<ForgetResult> {
    await this.#callAboutMembers('forget', nodeId, options);
    return { runs: options.forEver === true ? 3 : 0 };
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: NodeEvents[Name]): this {
    if (name === 'event') this.listeners.add(listener as UserEvents['event']);
    else this.#emitter.on(name, listener as MemberEvents[MemberEventName]);
    return this;
  }

  off<Name extends keyof NodeEvents>(name: Name, listener: NodeEvents[Name]): this {
    if (name === 'event') this.listeners.delete(listener as UserEvents['event']);
    else this.#emitter.off(name, listener as MemberEvents[MemberEventName]);
    return this;
  }

  emit(name: MemberEventName, member: Member): void {
    this.#emitter.emit(name, member);
  }

  #callAboutMembers(...call: readonly unknown[]): Promise<void> {
    this.memberCalls.push(call);
    return this.memberError === undefined ? Promise.resolve() : Promise.reject(this.memberError);
  }

  async put(key: string, value: Value, options: PutOptions = {}): Promise<PutResult> {
    check(key, value);
    this.#hear(options);
    const { ifVersion: _version, ifAbsent, ...expiry } = options;
    if (ifAbsent === true) this.#refuse(key);
    this.writesInFlight++;
    this.writesInFlightMax = Math.max(this.writesInFlightMax, this.writesInFlight);
    try {
      await this.beforePut(key);
      return this.#set(key, value, expiry);
    } finally {
      this.writesInFlight--;
    }
  }

  async get(key: string): Promise<Value | undefined> {
    return (await this.getEntry(key))?.value;
  }

  async getEntry(key: string, options: ReadOptions = {}): Promise<Entry | undefined> {
    check(key, null);
    this.#hear(options);
    return this.entryByKey.get(key);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Value | undefined)[]> {
    for (const key of keys) check(key, null);
    return keys.map((key) => this.entryByKey.get(key)?.value);
  }

  async del(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    check(key, null);
    this.#hear(options);
    return { existed: this.entryByKey.delete(key), token: TOKEN, acks: 1 };
  }

  async batch(operations: readonly BatchOperation[], options: WriteConcern = {}): Promise<BatchResult> {
    this.#hear(...operations, options);
    for (const operation of operations) check(operation.key, null);
    for (const operation of operations) {
      if (operation.type === 'del') this.entryByKey.delete(operation.key);
      else {
        const { key, value, ttlMs, expiresAt = ttlMs } = operation;
        this.#set(key, value, expiresAt === undefined ? {} : { expiresAt });
      }
    }
    return { dots: [], token: TOKEN, acks: 1 };
  }

  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry, void, undefined> {
    const { prefix = '', limit } = options;
    this.#hear(options);
    if (prefix === 'refused') throw new BoatoError('INVALID_OPTION', 'This prefix is refused.');
    try {
      const keys = [...this.entryByKey.keys()].filter((key) => key.startsWith(prefix)).toSorted();
      for (const key of keys.slice(0, limit)) {
        await this.beforeEntry(key);
        const entry = this.entryByKey.get(key);
        if (entry !== undefined) yield entry;
      }
    } finally {
      this.onScanClosed();
    }
  }

  async count({ prefix = '', ...options }: CountOptions = {}): Promise<number> {
    this.#hear(options);
    return [...this.entryByKey.keys()].filter((key) => key.startsWith(prefix)).length;
  }

  watch(options: WatchOptions = {}): Changes {
    this.watchCalls.push(options);
    const token = (): string => this.token;
    const source = this.changes[Symbol.asyncIterator]() as AsyncGenerator<Change, undefined>;
    return {
      begun: this.begun,
      get token() {
        return token();
      },
      next: () => source.next(),
      return: () => source.return(undefined),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async broadcast(name: string, payload: Value = null): Promise<void> {
    if (name === 'refused') throw new BoatoError('TOO_MANY_EVENTS', 'This event is refused.');
    for (const listener of this.listeners) listener({ name, payload, nodeId: this.nodeId });
  }

  async status(): Promise<NodeStatus> {
    return { ...STATUS, entries: this.entryByKey.size };
  }

  async sync(options: SyncOptions = {}): Promise<SyncResult> {
    this.syncCalls.push(options);
    return this.answerSync(options);
  }

  async aggregate(name: string): Promise<AggregateResult> {
    if (name === 'refused') throw new BoatoError('INVALID_OPTION', 'This name is refused.');
    return name === 'none'
      ? { count: 0, sum: 0 }
      : { count: 3, sum: 300_000.000_01, average: 100_000, minimum: 7, maximum: 200_000 };
  }

  contribute(): () => void {
    return () => {};
  }

  async collect(): Promise<CollectResult> {
    return { collected: 3, kept: 1 };
  }

  async repairClock({ all = false }: ClockRepairOptions = {}): Promise<ClockRepairResult> {
    return { removed: 3, rewritten: all ? 3 : 2, others: 1 };
  }

  async compact(): Promise<void> {}

  async backup(): Promise<BackupResult> {
    return { nodeId: 'fake', clusterId: 'default', takenAt: 0, records: 0, bytes: 0 };
  }

  async *backupStream(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const piece of this.backupPieces) {
      if (piece instanceof Error) throw piece;
      yield piece;
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    this.verifyCalls.push(options);
    return { sound: true, records: { entry: 1 }, problems: [] };
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #hear(...options: object[]): void {
    this.optionCalls.push(...options.filter((given) => Object.keys(given).length > 0));
  }

  #refuse(key: string): void {
    const present = this.entryByKey.get(key);
    if (present !== undefined) throw new ConditionError(key, 'absent', present);
  }

  #set(key: string, value: Value, { ttlMs, expiresAt = ttlMs }: PutOptions): PutResult {
    const entry = { key, value, version: ++this.#version, actor: 'fake+0' };
    this.entryByKey.set(key, expiresAt === undefined ? entry : { ...entry, expiresAt });
    return { version: entry.version, actor: entry.actor, token: TOKEN, acks: 1 };
  }
}

/** Of all its writes. */
export const TOKEN = 'fake.00000000000000.00000000.1';

function check(key: string, value: Value): void {
  if (key === '') throw new BoatoError('INVALID_KEY', 'A key must have at least one character.');
  if (value === 'refused') throw new BoatoError('INVALID_VALUE', 'This value is refused.');
}

const STATUS: NodeStatus = {
  nodeId: 'fake',
  clusterId: 'default',
  version: '0.0.0',
  dir: '/fake',
  durability: 'fsync',
  tombstoneTtlMs: 86_400_000,
  entries: 0,
  permanent: 0,
  actors: 0,
  cloudDots: 0,
  looseDots: 0,
  lastVersion: 0,
  horizon: 0,
  contextHash: '0000000000000000',
  fingerprint: '0000000000000000',
  bootstrapping: false,
  healing: false,
  warnings: [],
  address: '127.0.0.1:7531',
  mode: 'push-pull',
  malformedMessages: 0,
  sessionsRefused: 0,
  peers: [],
  sessions: [],
};
