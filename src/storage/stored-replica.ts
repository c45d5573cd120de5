/** One node's replica on its ordered store: the map for its users, and what anti-entropy asks of it. */

import type { Actor, NodeId } from '../core/actor.ts';
import type { Row, Sum } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import type { BoatoError } from '../core/errors.ts';
import type { TokenDot } from '../core/token.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
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
import { Arrivals } from './arrivals.ts';
import { backupPieces } from './backup.ts';
import { pinChanges } from './change-pages.ts';
import { markCleanStop } from './clean-stop.ts';
import { type ClockRepair, holdsFuture, repairClock } from './clock-repair.ts';
import { type Collected, collectDue } from './collect.ts';
import { Committer, type OnFence } from './committer.ts';
import { copyRow } from './context-table.ts';
import { countExpiring } from './count.ts';
import { damaged, type OnDamage, reported, reportingDamage } from './damage.ts';
import { EntryReader } from './entry-reader.ts';
import { groupedReads } from './grouped-reads.ts';
import { type Findings, isDamaging } from './findings.ts';
import { type CheckProgress, Health } from './health.ts';
import { IndexCompactor } from './index-compaction.ts';
import type { EntryBounds } from './keyspace.ts';
import type { ReplicaOptions } from './open-replica.ts';
import { pinState } from './pinned-state.ts';
import { pruneRetired, retireJob } from './retire.ts';
import { type Applied, rumourJob } from './rumour.ts';
import { isSeen } from './seen.ts';
import { Sessions } from './sessions.ts';
import { settleJob } from './settle.ts';
import type { State } from './state.ts';
import { sweep } from './sweep.ts';
import { Watcher } from './watcher.ts';
import type { Transaction } from './transaction.ts';
import { type Write, writeJob, type WriteSettings, type Written } from './write.ts';

const FAILED_WRITE = 'A write to disk failed: nothing is written until the store was opened again.';
const UNREADABLE =
  'A part of the database cannot be read: nothing is written until what can be read was copied, and that was opened.';
const BROKEN_INVARIANT =
  'An invariant of the store was broken, please report the cause: nothing is written until the store was opened again.';

/** What a verification found, and what was done about it. */
export interface Verified {
  readonly findings: Findings;
  readonly repair:
    | {
        /** The context was given up. */
        readonly gaveUp: boolean;
        /** Nothing yet: what can be read of the database is copied when it is opened next. */
        readonly copies: boolean;
        /** Records that belonged to nothing. */
        readonly removed: number;
        /** A second look found nothing. */
        readonly sound: boolean;
      }
    | undefined;
}

export class StoredReplica implements Replica {
  readonly wasClean: boolean;
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #options: ReplicaOptions;
  readonly #writeSettings: WriteSettings;
  readonly #committer: Committer;
  readonly #sessions: Sessions;
  readonly #reader: EntryReader;
  readonly #compactor: IndexCompactor;
  readonly #health: Health;
  readonly #arrivals: Arrivals;
  readonly #onDamage: OnDamage;
  #fenced: BoatoError | undefined;
  #onFence: OnFence = () => {};
  #closing = false;
  #comparing: NewSession | undefined;

  constructor(options: ReplicaOptions, state: State, wasClean: boolean) {
    this.wasClean = wasClean;
    this.#store = options.store;
    this.#state = state;
    this.#options = options;
    const { tombstoneTtlMs, maxDriftMs, random } = options;
    this.#writeSettings = { tombstoneTtlMs, maxDriftMs, random: () => random.uint32() };
    this.#arrivals = new Arrivals(state.bootstrapping);
    const onDamage = (error: BoatoError): void => this.#health.meet(error);
    this.#onDamage = onDamage;
    this.#committer = new Committer(options.store, state, options.clock, {
      sync: options.sync,
      onFence: (error, isDefect) => this.#fence(error, isDefect),
      onDamage,
      onCommitted: (rows) => {
        this.#compactor.look(rows);
        this.#arrivals.look(rows, state.bootstrapping);
      },
    });
    this.#health = new Health(options.store, state, this.#committer, options.log, wasClean);
    this.#compactor = new IndexCompactor(options.store, state, this.#committer, (row, error) => {
      reported(error, onDamage);
      options.log.warn({ actor: row.actor, error: String(error) }, 'The dot index could not be compacted.');
    });
    this.#sessions = new Sessions(options.store, state, this.#committer, onDamage);
    this.#reader = new EntryReader(groupedReads(options.store), state.context, onDamage);
  }

  /** `damage`: what was met in opening. */
  async load(damage: BoatoError | undefined): Promise<void> {
    if (damage !== undefined) this.#health.meet(damage);
    await this.#sessions.load();
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
    return this.#fenced;
  }

  /** Called once, when a failed write has fenced the store. */
  onFence(callback: OnFence): void {
    this.#onFence = callback;
  }

  // The map.

  /** R1, atomically. Fails with `CONDITION_FAILED` if a condition of the writes does not hold. */
  write(writes: readonly Write[]): Promise<Written> {
    return this.#committer.commit(writeJob(writes, this.#writeSettings));
  }

  /** Whether the write was seen here (R2), and what this node reads includes it, or what superseded it. */
  isSeen(dot: TokenDot): Promise<boolean> {
    return isSeen(this.#store, this.#state, () => this.#committer.written(), dot);
  }

  /** Calls `look` after each commit that may have brought a write of `actor`, until the function returned is called. */
  onArrival(actor: Actor, look: () => void): () => void {
    return this.#arrivals.watch(actor, look);
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
    return this.#reader.get(key);
  }

  /** Present entries, tombstones and expired ones included. */
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Entry | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  /** Present entries of one consistent state; the scan must be closed. */
  scan(bounds: EntryBounds): EntryScan {
    const snapshot = this.#store.snapshot();
    const scan = new EntryReader(snapshot, this.#state.context, this.#onDamage).byKey(bounds);
    return {
      next: () => scan.next(),
      lookedAt: scan.lookedAt,
      close: async () => {
        await scan.close();
        await snapshot.close();
      },
    };
  }

  /** Live entries of the whole map; costs what expires, not what exists. */
  async count(): Promise<number> {
    // Between two commits, so that what is in memory and on disk is of one state.
    const { snapshot, permanent } = await this.#committer.exclusive(() =>
      Promise.resolve({ snapshot: this.#store.snapshot(), permanent: this.#state.permanent.count }),
    );
    try {
      return await reportingDamage(
        this.#onDamage,
        async () => permanent + (await countExpiring(snapshot, this.#options.clock.wallMs())),
      );
    } finally {
      await snapshot.close();
    }
  }

  /** R6. None while a first copy is on its way, or the node heals. The caller vouches for the clock. */
  collect(): Promise<Collected> {
    if (this.#state.bootstrapping || this.#state.healing) return Promise.resolve({ collected: 0, kept: 0 });
    const { clock, tombstoneTtlMs } = this.#options;
    return reportingDamage(this.#onDamage, async () => {
      const collected = await collectDue(this.#store, this.#committer, clock.wallMs(), tombstoneTtlMs);
      await pruneRetired(this.#store, this.#state, this.#committer);
      return collected;
    });
  }

  /**
   * A node that is gone for ever: its rows give way to one (`retire.ts`). The caller has pulled from every other node.
   * Resolves to how many they were. Fails with `MEMBER_UNSETTLED`.
   */
  retire(nodeId: NodeId): Promise<number> {
    const isComparing = (): boolean => this.#comparing !== undefined;
    return this.#committer.commit(retireJob(nodeId, this.#options.maxDriftMs, isComparing));
  }

  async compact(): Promise<void> {
    await reportingDamage(this.#onDamage, async () => {
      for (const row of this.#state.context.all()) await this.#compactor.fold(row);
    });
    await this.#store.compact();
  }

  /** Of keys that begin with `prefix`; `since` as `Watcher` has it. It must be closed before this. */
  watch(prefix: Uint8Array, since: string | undefined): Watcher {
    const { clock, tombstoneTtlMs } = this.#options;
    const pin = (): ReturnType<typeof pinChanges> =>
      pinChanges(this.#state, this.#store, clock.wallMs(), this.#onDamage);
    const { nodeId, clusterId } = this;
    const { journal } = this.#state;
    const dependencies = { nodeId, clusterId, clock, tombstoneTtlMs, journal };
    return new Watcher(
      { ...dependencies, pin: () => this.#committer.exclusive(() => Promise.resolve(pin())) },
      prefix,
      since,
    );
  }

  /** The file of a backup of one moment, in pieces (`backup-format.ts`); commits go on meanwhile. */
  async *backup(): AsyncGenerator<Uint8Array, void, undefined> {
    const { identity } = this.#state;
    const { clock, hash64 } = this.#options;
    // Once the store is fenced there are no commits to wait for.
    const snapshot =
      this.#fenced === undefined
        ? await this.#committer.exclusive(() => Promise.resolve(this.#store.snapshot()))
        : this.#store.snapshot();
    const head = { ...identity, takenAtMs: clock.wallMs(), isChecked: this.#health.checking === undefined };
    try {
      yield* backupPieces(snapshot, head, hash64, this.#onDamage);
    } finally {
      await snapshot.close();
    }
  }

  /** Waits for what was begun, marks the stop as clean, closes the ordered store. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#compactor.stop();
    await this.#committer.close();
    // What was not checked yet after an unclean stop, is to be checked at the next start.
    if (this.#fenced === undefined && this.#health.checking === undefined) await this.#markClean();
    await this.#store.close();
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
    return this.#state.context
      .rows()
      .filter((row) => row.movedAtMs >= sinceMs)
      .toSorted((a, b) => b.movedAtMs - a.movedAtMs)
      .slice(0, limit)
      .map(({ actor }) => actor);
  }

  notServing(): string | undefined {
    if (this.#fenced !== undefined) return 'a write to its disk failed';
    return this.#health.ailment;
  }

  /** What serves nothing adopts nothing. */
  notTaking(): string | undefined {
    return this.notServing();
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
    return this.#committer.exclusive(() => {
      const { bootstrapping, context } = this.#state;
      const isStale = !bootstrapping && context.hashWithout(actors) !== restHash;
      return Promise.resolve(isStale ? undefined : this.#pin(actors));
    });
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
    return this.#committer.exclusive(() => {
      this.#comparing = session;
      return Promise.resolve(this.#pin([]));
    });
  }

  unseen(dots: readonly KeyDot[]): readonly KeyDot[] {
    const { context } = this.#state;
    return dots.filter((dot) => !context.hasSeen(dot));
  }

  async lacking(dots: readonly KeyDot[]): Promise<readonly KeyDot[]> {
    return absentOf(this.#store, this.#state.context, this.unseen(dots));
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
      this.#comparing !== undefined || this.#sessions.hasExempt || this.notServing() !== undefined;
    const onApplied = (transaction: Transaction, applied: Applied): void =>
      this.#sessions.noteRumour(transaction, applied);
    return this.#committer.commit(rumourJob(rumour, this.#options.maxDriftMs, isBusy, onApplied, from));
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
  async check(isCalledOff: () => boolean = () => false): Promise<string | undefined> {
    for (;;) {
      const { epoch } = this.#state;
      const why = await this.#health.check(isCalledOff);
      // If the context was given up meanwhile, what was found is of a state that is gone.
      if (why === undefined || (await this.#giveUp(why, epoch))) return why;
    }
  }

  /**
   * Looks at every record of one moment, while reads and writes go on. What it finds counts as damage that was met; with
   * `repair` the context is given up, and what belongs to nothing is removed. Called off, it fails with `ABORTED`.
   */
  async verify(repair: boolean, isCalledOff: () => boolean = () => false): Promise<Verified> {
    const findings = await this.#health.verify(isCalledOff);
    const isDamage = findings.problems.some(isDamaging);
    if (!repair && isDamage) this.#onDamage(damaged('is damaged or missing'));
    if (!repair || findings.problems.length === 0) return { findings, repair: undefined };
    const unreadable = findings.problems.find(({ kind }) => kind === 'file-unreadable');
    if (unreadable !== undefined) {
      this.#health.unreadable(damaged('cannot be read, nor can those near it'));
      return { findings, repair: { gaveUp: false, copies: true, removed: 0, sound: false } };
    }
    if (isDamage) await this.giveUp('a verification found damage');
    const removed = await sweep(this.#store, this.#state, this.#committer);
    const after = await this.#health.verify(isCalledOff);
    const sound = after.problems.length === 0;
    return { findings, repair: { gaveUp: isDamage, copies: false, removed, sound } };
  }

  async giveUp(why: string): Promise<void> {
    await this.#giveUp(why, undefined);
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
    const { clock, log, maxDriftMs, random } = this.#options;
    const repaired = await repairClock(
      {
        store: this.#store,
        state: this.#state,
        clock,
        committer: this.#committer,
        sessions: this.#sessions,
        settings: { maxDriftMs, random: () => random.uint32() },
        onDamage: this.#onDamage,
        ...(bytesMax === undefined ? {} : { bytesMax }),
      },
      all,
    );
    if (repaired.removed > 0) log.warn({ ...repaired }, 'Entries from too far in the future were taken out.');
    return repaired;
  }

  /** Something is held that peers refuse, because it lies too far in the future; cheap. */
  holdsFuture(): boolean {
    return holdsFuture(this.#state, this.#options.clock.wallMs(), this.#options.maxDriftMs);
  }

  endHealing(): Promise<void> {
    return this.#health.endHealing(this.#sessions);
  }

  #giveUp(why: string, foundIn: number | undefined): Promise<boolean> {
    return this.#health.giveUp(why, this.#sessions, foundIn);
  }

  /** Between two commits. */
  #pin(actors: readonly Actor[]): PinnedState {
    return pinState(this.#state, this.#store.snapshot(), actors, this.#onDamage);
  }

  async #markClean(): Promise<void> {
    const { store, log } = this.#options;
    try {
      await markCleanStop(store);
    } catch (error) {
      // Nothing that was acknowledged is lost by it.
      log.warn({ error: String(error) }, 'The stop could not be marked as clean.');
    }
  }

  #fence(error: BoatoError, isDefect: boolean): void {
    this.#fenced = error;
    const sentence = isDefect ? BROKEN_INVARIANT : this.isUnreadable ? UNREADABLE : FAILED_WRITE;
    this.#options.log.error({ cause: String(error.cause) }, sentence);
    this.#state.journal.wake();
    this.#onFence(error, isDefect);
  }
}
