/** One node's replica on its ordered store: the map for its users, and what anti-entropy asks of it. */

import type { Actor, NodeId } from '../core/actor.ts';
import type { Row, Sum } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import type { BoatoError } from '../core/errors.ts';
import type { TokenDot } from '../core/token.ts';
import type {
  ArrivedChunk,
  EntryScan,
  KeyDot,
  NewSession,
  PinnedState,
  PullerState,
  Replica,
  Rumour,
  RumourOutcome,
  Settled,
  Settlement,
  StoredSession,
} from '../ports/replica.ts';
import { absentOf } from './absent.ts';
import { backup } from './backup.ts';
import { type ChangePin, pinChanges } from './change-pages.ts';
import { tryToMarkCleanStop } from './clean-stop.ts';
import { type ClockRepair, holdsFuture, repairClock } from './clock-repair.ts';
import { type Collected, collectDue } from './collect.ts';
import type { Committer } from './committer.ts';
import { copyRow } from './context-table.ts';
import { countLive } from './count.ts';
import { reportingDamage } from './damage.ts';
import { writeLeftOut } from './left-out.ts';
import { scanSnapshot } from './entry-reader.ts';
import type { CheckProgress, Health } from './health.ts';
import type { EntryBounds } from './keyspace.ts';
import type { ReplicaOptions } from './open-replica.ts';
import { pinState } from './pinned-state.ts';
import { type Verified, verifyAndRepair, verifyOnly } from './repair.ts';
import { ReplicaParts } from './replica-parts.ts';
import { pruneRetired, retireJob } from './retire.ts';
import { type Applied, rumourJob } from './rumour.ts';
import { isSeen } from './seen.ts';
import type { Sessions } from './sessions.ts';
import { settleJob } from './settle.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';
import { Watcher } from './watcher.ts';
import { type Write, WriteJob, type WriteSettings, type Written } from './write.ts';

/** `isDefect`: an invariant of ours was broken; otherwise a write to disk has failed. */
export type OnFence = (error: BoatoError, isDefect: boolean) => void;

export class StoredReplica implements Replica {
  readonly wasClean: boolean;
  readonly #parts: ReplicaParts;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #sessions: Sessions;
  readonly #health: Health;
  readonly #writeSettings: WriteSettings;
  #onFence: OnFence = () => {};
  #closing = false;
  #comparing: NewSession | undefined;

  constructor(options: ReplicaOptions, state: State, wasClean: boolean) {
    const { tombstoneTtlMs, maxDriftMs, random, log } = options;
    this.wasClean = wasClean;
    this.#writeSettings = { tombstoneTtlMs, maxDriftMs, random: () => random.uint32() };
    this.#parts = new ReplicaParts(options, state, wasClean, (error, { sentence, isDefect }) => {
      log.error({ cause: String(error.cause) }, sentence);
      state.journal.wake();
      this.#onFence(error, isDefect);
    });
    const { committer, sessions, health } = this.#parts;
    this.#state = state;
    this.#committer = committer;
    this.#sessions = sessions;
    this.#health = health;
  }

  /** `damage`: what was met in opening. */
  async load(damage: BoatoError | undefined): Promise<void> {
    if (damage !== undefined) this.#health.meet(damage);
    await this.#sessions.load();
    this.#parts.deferredIndex.look();
  }

  /** Damage that the records do not show. On disk when it resolves. */
  noteDamage(error: BoatoError): Promise<void> {
    return this.#health.note(error);
  }

  /** A part of the database cannot be read; it was fenced for that. */
  get isUnreadable(): boolean {
    return this.#health.isUnreadable;
  }

  get nodeId(): NodeId {
    return this.#state.identity.nodeId;
  }

  get clusterId(): string {
    return this.#state.identity.clusterId;
  }

  /** What the node is, for its status; changes as it goes. */
  get state(): Readonly<
    Pick<State, 'all' | 'permanent' | 'horizon' | 'last' | 'bootstrapping' | 'damaged' | 'healing'>
  > {
    return this.#state;
  }

  get counts(): { readonly actors: number; readonly cloudDots: number; readonly looseDots: number } {
    const { size, cloudDots, looseDots } = this.#state.context;
    return { actors: size, cloudDots, looseDots };
  }

  /** What a replica that takes the place of this one goes on from. */
  get past(): Pick<State, 'epoch' | 'runActors'> {
    return this.#state;
  }

  get runActor(): Actor | undefined {
    return this.#state.runActor?.actor;
  }

  hasWrittenAs(actor: Actor): boolean {
    return this.#state.runActors.has(actor);
  }

  get fenced(): BoatoError | undefined {
    return this.#committer.fenced;
  }

  /** Called once, when a failed write has fenced the store. */
  onFence(callback: OnFence): void {
    this.#onFence = callback;
  }

  // The map.

  /** R1, atomically. Fails with `CONDITION_FAILED` if a condition of the writes does not hold. */
  write(writes: readonly Write[]): Promise<Written> {
    return this.#committer.commit(new WriteJob(writes, this.#writeSettings));
  }

  /** Whether the write was seen here (R2), and what this node reads includes it, or what superseded it. */
  isSeen(dot: TokenDot): Promise<boolean> {
    const { store, deferredIndex } = this.#parts;
    const written = (): Promise<void> => this.#committer.written();
    return isSeen({ store, state: this.#state, written, indexed: () => deferredIndex.complete() }, dot);
  }

  /** Calls `look` after each commit that may have brought a write of `actor`, until the function returned is called. */
  onArrival(actor: Actor, look: () => void): () => void {
    return this.#parts.arrivals.watch(actor, look);
  }

  /** Writes its own state once more: whether writes come to disk. */
  async probe(): Promise<void> {
    await this.#committer.commit({
      keys: [],
      bytes: 0,
      sync: true,
      decide: (transaction) => transaction.touchState(),
    });
  }

  /** The present entry, be it a tombstone or expired. */
  get(key: Uint8Array): Promise<Entry | undefined> {
    return this.#parts.reader.get(key);
  }

  /** Present entries, tombstones and expired ones included. */
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Entry | undefined)[]> {
    return this.#parts.reader.getMany(keys);
  }

  /** Present entries of one consistent state; the scan must be closed. */
  scan(bounds: EntryBounds): EntryScan {
    const { store, state, onDamage } = this.#parts;
    return scanSnapshot(store, state.context, onDamage, bounds);
  }

  /** Live entries of the whole map; costs what expires, not what exists. */
  count(): Promise<number> {
    return countLive(this.#parts);
  }

  /** R6. None while a first copy is on its way, or the node heals. The caller vouches for the clock. */
  collect(): Promise<Collected> {
    if (this.#state.bootstrapping || this.#state.healing) return Promise.resolve({ collected: 0, kept: 0 });
    const { store, options, onDamage } = this.#parts;
    return reportingDamage(onDamage, async () => {
      const { clock, tombstoneTtlMs } = options;
      const collected = await collectDue(store, this.#committer, clock.wallMs(), tombstoneTtlMs);
      await pruneRetired(store, this.#state, this.#committer);
      return collected;
    });
  }

  /**
   * A node that is gone for ever: its rows give way to one (`retire.ts`). The caller has pulled from every other node.
   * Resolves to how many they were. Fails with `MEMBER_UNSETTLED`.
   */
  retire(nodeId: NodeId): Promise<number> {
    const isComparing = (): boolean => this.#comparing !== undefined;
    return this.#committer.commit(retireJob(nodeId, this.#parts.options.maxDriftMs, isComparing));
  }

  async compact(): Promise<void> {
    await this.#parts.deferredIndex.complete();
    await reportingDamage(this.#parts.onDamage, async () => {
      for (const row of this.#state.context.all()) await this.#parts.compactor.fold(row);
    });
    await this.#parts.store.compact();
  }

  /** Of keys that begin with `prefix`; `since` as `Watcher` has it. It must be closed before this. */
  watch(prefix: Uint8Array, since: string | undefined): Watcher {
    const { store, state, options, deferredIndex, onDamage } = this.#parts;
    const { clock, tombstoneTtlMs } = options;
    const pin = (isIndexRead: () => boolean): Promise<ChangePin> =>
      deferredIndex.exclusive(
        () => Promise.resolve(pinChanges(state, store, clock.wallMs(), onDamage)),
        isIndexRead,
      );
    const { nodeId, clusterId } = this;
    const { journal } = state;
    return new Watcher({ nodeId, clusterId, clock, tombstoneTtlMs, journal, pin }, prefix, since);
  }

  /** The file of a backup of one moment, in pieces; commits go on meanwhile. */
  backup(): AsyncGenerator<Uint8Array, void, undefined> {
    return backup(this.#parts);
  }

  /** Waits for what was begun, marks the stop as clean, closes the ordered store. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await Promise.all([this.#parts.deferredIndex.stop(), this.#parts.compactor.stop()]);
    // If it fails, the next start counts anew.
    await this.#committer.exclusive(() => writeLeftOut(this.#state, this.#committer)).catch(() => {});
    await this.#committer.close();
    // What was not checked yet after an unclean stop, is to be checked at the next start.
    if (this.fenced === undefined && this.#health.checking === undefined)
      await tryToMarkCleanStop(this.#parts.store, this.#parts.options.log);
    await this.#parts.store.close();
  }

  // Anti-entropy.

  contextHash(): bigint {
    return this.#state.context.hash;
  }

  fingerprint(): Sum {
    return this.#state.permanent;
  }

  rows(): readonly Row[] {
    return this.#state.context.rows().map(copyRow);
  }

  heads(): readonly Row[] {
    return this.#state.context.heads();
  }

  row(actor: Actor): Row | undefined {
    const { context } = this.#state;
    const row = context.get(actor);
    return row === undefined || context.isRetired(row) ? undefined : copyRow(row);
  }

  movedSince(sinceMs: number, limit: number): readonly Actor[] {
    return this.#state.context.movedSince(sinceMs, limit);
  }

  notServing(): string | undefined {
    return this.#ailment ?? (this.#parts.deferredIndex.isReading ? 'it makes its dot index' : undefined);
  }

  /** What is damaged adopts nothing, either. */
  notTaking(): string | undefined {
    return this.#ailment;
  }

  get #ailment(): string | undefined {
    return this.fenced === undefined ? this.#health.ailment : 'a write to its disk failed';
  }

  isBootstrapping(): boolean {
    return this.#state.bootstrapping;
  }

  pullerState(actors: readonly Actor[], opens: boolean = false): Promise<PullerState> {
    return this.#committer.exclusive(() => {
      const { context } = this.#state;
      const rows = actors.map((actor) => context.fullRow(actor));
      return Promise.resolve({
        rows,
        restHash: context.hashWithout(actors),
        empty: this.#state.all.count === 0,
        openedAt: this.#state.last,
        ...(opens ? { rumoured: this.#sessions.opened() } : {}),
        epoch: this.#state.epoch,
      });
    });
  }

  pin(actors: readonly Actor[], restHash: bigint): Promise<PinnedState | undefined> {
    const { deferredIndex } = this.#parts;
    // Who bootstraps gives own writes only, which are in the index.
    const needsIndex = (): boolean => !this.#state.bootstrapping;
    return deferredIndex.exclusive(() => {
      const { bootstrapping, context } = this.#state;
      const isStale = !bootstrapping && context.hashWithout(actors) !== restHash;
      return Promise.resolve(isStale ? undefined : this.#pin(actors));
    }, needsIndex);
  }

  storedSession(peer: NodeId): Promise<StoredSession | undefined> {
    return Promise.resolve(this.#sessions.get(peer));
  }

  storedSessions(): Promise<readonly StoredSession[]> {
    return Promise.resolve(this.#sessions.all());
  }

  dropSession(peer: NodeId): Promise<void> {
    return this.#sessions.drop(peer);
  }

  storeChunk(chunk: ArrivedChunk): Promise<void> {
    return this.#sessions.storeChunk(chunk);
  }

  adopt(peer: NodeId): Promise<'adopted' | 'late'> {
    return this.#sessions.adopt(peer);
  }

  beginComparison(session: NewSession): Promise<PinnedState> {
    return this.#parts.deferredIndex.exclusive(() => {
      this.#comparing = session;
      return Promise.resolve(this.#pin([]));
    });
  }

  unseen(dots: readonly KeyDot[]): readonly KeyDot[] {
    const { context } = this.#state;
    return dots.filter((dot) => !context.hasSeen(dot));
  }

  async lacking(dots: readonly KeyDot[]): Promise<readonly KeyDot[]> {
    return absentOf(this.#parts.store, this.#state.context, this.unseen(dots));
  }

  settle(settlement: Settlement): Promise<Settled> {
    const { peer } = settlement.session;
    return this.#committer.commit(
      settleJob(settlement, (transaction) => this.#sessions.mixOthers(transaction, peer)),
    );
  }

  adoptCompared(session: NewSession): Promise<void> {
    return this.#sessions.adoptCompared(session);
  }

  endComparison(): void {
    this.#comparing = undefined;
  }

  applyRumour(rumour: Rumour, from?: NodeId): Promise<RumourOutcome> {
    const isBusy = (): boolean =>
      this.#comparing !== undefined || this.#sessions.hasExempt || this.#ailment !== undefined;
    const onApplied = (transaction: Transaction, applied: Applied): void =>
      this.#sessions.noteRumour(transaction, applied);
    return this.#committer.commit(rumourJob(rumour, this.#parts.options.maxDriftMs, isBusy, onApplied, from));
  }

  written(): Promise<void> {
    return this.#committer.written();
  }

  onWritten(tell: (rumour: Rumour) => void): void {
    this.#state.onWritten = tell;
  }

  // Health (R8).

  get epoch(): number {
    return this.#state.epoch;
  }

  isHealing(): boolean {
    return this.#state.healing;
  }

  /** How many entries were looked at of how many, while the check after an unclean stop runs. */
  get checking(): Readonly<CheckProgress> | undefined {
    return this.#health.checking;
  }

  /** How many records were looked at, while a verification runs. */
  get verifying(): number | undefined {
    return this.#health.verifying;
  }

  /** Looks for damage, and gives up the context if there is any. Resolves to what was found, a sentence. */
  check(isCalledOff: () => boolean = () => false): Promise<string | undefined> {
    return this.#health.check(isCalledOff);
  }

  /**
   * Looks at every record of one moment, while reads and writes go on. What it finds counts as damage that was met; with
   * `repair` the context is given up, and what belongs to nothing is removed. Called off, it fails with `ABORTED`.
   */
  verify(repair: boolean, isCalledOff: () => boolean = () => false): Promise<Verified> {
    return (repair ? verifyAndRepair : verifyOnly)(this.#parts, isCalledOff);
  }

  async giveUp(why: string, foundIn?: number): Promise<void> {
    await this.#health.giveUp(why, foundIn);
  }

  /**
   * R11: takes out what lies too far in the future. The caller vouches for the clock. `all`: as `clock-repair.ts` has it.
   * What is damaged, or may be, is seen to first. Called off, it fails with `STORE_CLOSED`.
   */
  async repairClock(
    all: boolean,
    isCalledOff: () => boolean = () => false,
    bytesMax?: number,
  ): Promise<ClockRepair> {
    if (this.#health.ailment !== undefined) await this.check(isCalledOff);
    return repairClock(this.#parts, all, bytesMax);
  }

  /** Something is held that peers refuse, because it lies too far in the future; cheap. */
  holdsFuture(): boolean {
    return holdsFuture(this.#state, this.#parts.options.clock.wallMs(), this.#parts.options.maxDriftMs);
  }

  endHealing(): Promise<void> {
    return this.#health.endHealing();
  }

  /** Between two commits. */
  #pin(actors: readonly Actor[]): PinnedState {
    return pinState(this.#state, this.#parts.store.snapshot(), actors, this.#parts.onDamage);
  }
}
