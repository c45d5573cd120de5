/** Replicas that exchange real messages, one step at a time, beside naive ones that are told the same. */

import { packer } from '../../src/adapters/msgpack-packer.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf, nodeIdOf } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import { byteString, equalBytes } from '../../src/core/bytes.ts';
import {
  dominates,
  equalSums,
  type Predecessor,
  type Row,
  saysTheSame,
  unknownRow,
} from '../../src/core/context.ts';
import { ClockDoubt } from '../../src/core/clock-doubt.ts';
import { knownRow } from '../../src/core/retirement.ts';
import { receivedVersionMax } from '../../src/core/drift.ts';
import { compareDots, type Entry, isLive } from '../../src/core/entry.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { Pacing } from '../../src/gossip/pacing.ts';
import type { NewReply, NewRequest } from '../../src/gossip/pending-requests.ts';
import { compareHeads } from '../../src/gossip/compare-heads.ts';
import { type Comparison, compareRows, digestPages } from '../../src/gossip/digest.ts';
import type { Link } from '../../src/gossip/link.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message, Reply } from '../../src/gossip/messages.ts';
import { PROTOCOL_VERSION } from '../../src/gossip/protocol-version.ts';
import { type PullDependencies, PullSession, type Step } from '../../src/gossip/pull-session.ts';
import type { SessionPeer } from '../../src/gossip/session-peer.ts';
import { Responder } from '../../src/gossip/responder.ts';
import { ServingFailure } from '../../src/gossip/serving-failure.ts';
import { SessionServer } from '../../src/gossip/session-server.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Replica, Rumour, Settlement } from '../../src/ports/replica.ts';
import type { Random } from '../../src/ports/random.ts';
import { entryKey } from '../../src/storage/keyspace.ts';
import type { Version } from '../../src/core/version.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { dotName, liveValues, NaiveReplica } from './naive-replica.ts';
import { hash64, openTestReplica, presentEntries, text } from './replica-fixture.ts';

const TOMBSTONE_TTL_MS = 20_000;
const MAX_DRIFT_MS = 30_000;

/** What runs in the background of a few entries on memory is done within fewer. */
const SETTLE_TURNS = 8;

interface TestNode {
  readonly index: number;
  readonly clock: NodeClock;
  readonly doubt: ClockDoubt;
  /** How far the clock was off when the node started. */
  readonly startOffsetMs: number;
  /** What was seen here before the context was given up: its authors knew it, though the replica no longer does. */
  readonly past: Set<string>;
  /** What was collected here, in this life of the disk (I7). */
  readonly collected: Set<string>;
  /** Peers with which a session was completed since the context was given up. */
  readonly completed: Set<number>;
  disk: MemoryDisk;
  /** Batches written to the disk since it was opened: while it stands still, nothing changes there. */
  readonly writes: () => number;
  /** The next write to the disk fails. */
  readonly failure: { isDue: boolean };
  replica: StoredReplica;
  /** It ended, and never comes back. */
  isGone: boolean;
  epoch: number;
  server: SessionServer;
  responder: Responder;
  naive: NaiveReplica;
}

export type Shown = Record<string, string>;

export interface TestSession {
  readonly puller: number;
  readonly server: number;
  readonly session: PullSession;
  /** What the server's naive twin held when the snapshot was pinned: by the first message that was answered. */
  pinned: NaiveReplica;
  opened: boolean;
  /** A message of it was lost. */
  wasLost?: boolean;
}

/** How a message of a session fares. */
export type Delivery = 'delivered' | 'request-lost' | 'reply-lost' | 'repeated';

export class LostMessage extends Error {}

/** The clock of one machine: it may be wrong. */
class NodeClock implements Clock {
  offsetMs = 0;
  readonly #clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.offsetMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#clock.after(delayMs, callback);
  }
}

export class Cluster {
  readonly clock: SimulatedClock = new SimulatedClock(undefined, SETTLE_TURNS);
  readonly nodes: TestNode[] = [];
  /** Every entry whose write was acknowledged, wherever. */
  readonly acknowledged: NaiveReplica = new NaiveReplica();
  /** What was collected, taken by damage, forgotten for it, or lost with a disk, wherever: batches may lack it. */
  readonly gone = new Set<string>();
  /** What was collected after it had expired. */
  readonly #expired = new Set<string>();
  /** Starts so far at which a node found itself damaged. */
  damaged = 0;
  /** Sessions so far that found an entry which nothing explains (I8). */
  unexplained = 0;
  readonly #random: Random;
  readonly #fingerprints = new Fingerprints(hash64);
  #writes = 0;
  #delivery: Delivery = 'delivered';

  /** Without it, who holds nothing is served in the order of versions, too. */
  readonly #keyOrder: boolean;

  private constructor(seed: number, keyOrder: boolean) {
    this.#random = createSeededRandom(seed);
    this.#keyOrder = keyOrder;
  }

  static async create(
    size: number,
    { seed = 1, keyOrder = true }: { readonly seed?: number; readonly keyOrder?: boolean } = {},
  ): Promise<Cluster> {
    const cluster = new Cluster(seed, keyOrder);
    for (let index = 0; index < size; index++) {
      cluster.nodes.push(await cluster.#open(index, new MemoryDisk(), new NaiveReplica()));
    }
    return cluster;
  }

  /** Those that are not gone for ever. */
  living(): readonly TestNode[] {
    return this.nodes.filter(({ isGone }) => !isGone);
  }

  node(index: number): TestNode {
    const node = this.nodes[index];
    assert(node !== undefined, `the cluster has a node ${index}`);
    return node;
  }

  /** A value that no other write has. */
  nextValue(): Uint8Array {
    return new TextEncoder().encode(`v${this.#writes++}`);
  }

  /** By the name of a dot: what its writer had seen then. */
  readonly #seenByWriter = new Map<string, ReadonlySet<string>>();

  async write(index: number, writes: readonly Write[]): Promise<void> {
    const { replica, naive, past } = this.node(index);
    const seen = new Set([...past, ...naive.all().map(dotName)]);
    try {
      await replica.write(writes);
    } catch (error) {
      if (!(error instanceof BoatoError) || error.code !== 'CLOCK_AHEAD' || !this.#wrongClocks.has(index))
        throw error;
      return;
    }
    const written = (await replica.getMany(writes.map(({ key }) => key))).filter(
      (entry) => entry !== undefined,
    );
    assert(!written.some((entry) => this.acknowledged.has(entry)), 'no dot is ever used again (I2)');
    naive.add(written);
    this.acknowledged.add(written);
    this.#noteRumour(replica, written);
    for (const entry of written) this.#seenByWriter.set(dotName(entry), seen);
  }

  readonly #presentByReplica = new WeakMap<StoredReplica, { writes: number; entries: readonly Entry[] }>();

  /** All that is present at node `index`, tombstones and expired entries included, in key order. */
  async present(index: number): Promise<readonly Entry[]> {
    const { replica, writes } = this.node(index);
    const read = this.#presentByReplica.get(replica);
    if (read?.writes === writes()) return read.entries;
    const now = { writes: writes(), entries: await presentEntries(replica) };
    this.#presentByReplica.set(replica, now);
    return now.entries;
  }

  /**
   * What node `index` shows, and ought to show as far as `told` goes. A live value that a deletion overrides, and that
   * nobody had seen who overrode it, as far as this node is closed, may show until a comparison, if it arrived after they were collected (P5): then it is
   * counted as told.
   */
  async shown(index: number, told: NaiveReplica): Promise<{ shown: Shown; expected: Shown }> {
    const wallMs = this.node(index).clock.wallMs();
    const present = await this.present(index);
    const shown = liveValues(present, wallMs);
    const expected = told.live(wallMs);
    // What expired and was collected does not come back because a clock is set back.
    for (const entry of told.all()) {
      const [name, value] = [text(entry.key), text(entry.value)];
      if (this.#expired.has(dotName(entry)) && shown[name] !== value && expected[name] === value)
        delete expected[name];
    }
    for (const entry of present) {
      const name = text(entry.key);
      if (!(name in shown) || name in expected || !told.has(entry)) continue;
      const overridden = told.larger(entry);
      const isUnseen = (other: Entry): boolean =>
        this.#seenByWriter.get(dotName(other))?.has(dotName(entry)) === false ||
        // What a rumour brought came without its past; but what was collected here never shows here again (I7).
        (!this.node(index).collected.has(dotName(other)) &&
          other.version > (this.node(index).replica.row(other.actor)?.closed ?? 0));
      const winner = overridden.toSorted(compareDots).at(-1);
      const isOver = winner !== undefined && (!isLive(winner, wallMs) || this.#expired.has(dotName(winner)));
      if (isOver && overridden.every(isUnseen)) {
        expected[name] = text(entry.value);
      }
    }
    return { shown, expected };
  }

  /** Every write, in their order, as it travels as a rumour. */
  readonly rumours: Rumour[] = [];
  readonly #lastByActor = new Map<string, Version>();
  /** What each actor names as its predecessor, for ever. */
  readonly linkByActor = new Map<Actor, Predecessor | undefined>();

  #noteRumour(replica: StoredReplica, written: readonly Entry[]): void {
    const entries = written.toSorted((a, b) => a.version - b.version);
    const { actor, last } = entries[0] as Entry;
    const prev = this.#lastByActor.get(actor) ?? birthOf(actor);
    this.#lastByActor.set(actor, last);
    const predecessor = replica.row(actor)?.predecessor;
    this.linkByActor.set(actor, predecessor);
    this.rumours.push({ entries, prev, predecessor });
  }

  /** The rumour of the `number`-th write reaches a node. */
  async tell(index: number, number: number): Promise<void> {
    const { replica, naive } = this.node(index);
    const rumour = this.rumours[number];
    if (rumour === undefined) return;
    if ((await replica.applyRumour(rumour)) === 'applied') naive.add(rumour.entries);
  }

  /** Unless the node doubts its clock. */
  async collect(index: number): Promise<void> {
    const { replica, clock, doubt, collected, startOffsetMs } = this.node(index);
    const before = await this.present(index);
    let failure: unknown;
    try {
      if (!doubt.check(clock.wallMs(), clock.monotonicMs())) await replica.collect();
    } catch (error) {
      failure = error;
    }
    // Also what was collected before a write failed.
    const after = new Set((await this.present(index)).map(dotName));
    for (const entry of before) {
      if (after.has(dotName(entry))) continue;
      collected.add(dotName(entry));
      this.gone.add(dotName(entry));
      // By a clock that is right, or has been wrong since the node started, which nobody could tell it.
      const wallMs = clock.offsetMs === startOffsetMs ? clock.wallMs() : this.clock.wallMs();
      if ((entry.expiresAt ?? Number.POSITIVE_INFINITY) <= Math.max(wallMs, this.clock.wallMs()))
        this.#expired.add(dotName(entry));
    }
    if (failure !== undefined) throw failure;
  }

  /** Nodes whose clocks were wrong once: only they may refuse a write. */
  readonly #wrongClocks = new Set<number>();

  /** The clock of a node is off by so much from now on. */
  setClock(index: number, offsetMs: number): void {
    if (offsetMs !== 0) this.#wrongClocks.add(index);
    this.node(index).clock.offsetMs = offsetMs;
  }

  /**
   * `store clock repair`, if the clock is right again. What lies too far in the future is no longer known here, and what
   * is written again is; unless the context was given up with it.
   */
  async repair(index: number, all: boolean): Promise<void> {
    const node = this.node(index);
    const { replica, clock, naive, past, collected, completed } = node;
    if (clock.offsetMs !== 0) return;
    const limit = receivedVersionMax(clock.wallMs(), MAX_DRIFT_MS);
    const before = await presentEntries(replica);
    const { epoch } = replica;
    const { gaveUp } = await replica.repairClock(all);
    this.#wrongClocks.delete(index);
    if (replica.epoch === epoch) return;
    this.#noteLost(index, ({ last }) => last > limit);
    const known = naive.all();
    const seen = new Set([...past, ...known.map(dotName)]);
    const had = new Set(before.map(dotName));
    const written = (await presentEntries(replica)).filter((entry) => !had.has(dotName(entry)));
    const isKept = (entry: Entry): boolean =>
      entry.last > limit && (all || nodeIdOf(entry.actor) === replica.nodeId);
    assert(written.length === before.filter(isKept).length, 'a repair writes all again that it ought to');
    assert(!written.some((entry) => this.acknowledged.has(entry)), 'no dot is ever used again (I2)');
    this.acknowledged.add(written);
    for (const first of new Set(written.map((entry) => entry.first).toSorted((a, b) => a - b)))
      this.#noteRumour(
        replica,
        written.filter((entry) => entry.first === first),
      );
    for (const entry of written) this.#seenByWriter.set(dotName(entry), seen);
    if (gaveUp) return this.#seeToGivenUp();
    const kept = new NaiveReplica();
    kept.add(naive.held().filter(({ last }) => last <= limit));
    // What a collected delete replaced stays away: it is seen, at or below the horizon.
    kept.hear(known.filter((entry) => entry.last <= limit || collected.has(dotName(entry))));
    kept.add(written);
    for (const { actor, version, last } of known) {
      if (last <= limit) continue;
      past.add(dotName({ actor, version }));
      collected.delete(dotName({ actor, version }));
    }
    completed.clear();
    node.epoch = replica.epoch;
    node.naive = kept;
  }

  /** The node crashes, a record disappears from its disk, it starts again. */
  async vanish(index: number, key: Uint8Array): Promise<void> {
    const { disk, server, naive } = this.node(index);
    await server.stop();
    const copy = await disk.copy();
    const store = await copy.open();
    await store.write([{ type: 'del', key: entryKey(key) }], { sync: true });
    await store.close();
    for (const entry of await this.present(index)) {
      if (!equalBytes(entry.key, key)) continue;
      this.gone.add(dotName(entry));
      naive.forget(key);
    }
    await this.#replace(index, copy, naive, this.node(index));
  }

  readonly #saved = new Map<
    number,
    { readonly disk: MemoryDisk; readonly naive: NaiveReplica; readonly wasWrong: boolean }
  >();

  /** A backup is made. */
  async save(index: number): Promise<void> {
    const { disk, naive } = this.node(index);
    const wasWrong = this.#wrongClocks.has(index);
    this.#saved.set(index, { disk: await disk.copy(), naive: naive.copy(), wasWrong });
  }

  /** The node is set back to its backup. */
  async restore(index: number): Promise<void> {
    const saved = this.#saved.get(index);
    if (saved === undefined) return;
    this.#noteLost(index);
    if (saved.wasWrong) this.#wrongClocks.add(index);
    await this.node(index).server.stop();
    await this.#replace(index, await saved.disk.copy(), saved.naive.copy());
  }

  /** Entries go: what is held whole nowhere else may be lacking from batches of which a first copy brought a part. */
  #noteLost(index: number, isLost: (entry: Entry) => boolean = () => true): void {
    const whole = this.nodes.filter((node) => node.index !== index && !node.replica.state.bootstrapping);
    for (const entry of this.node(index).naive.held().filter(isLost))
      if (!whole.some(({ naive }) => naive.has(entry))) this.gone.add(dotName(entry));
  }

  async #replace(
    index: number,
    disk: MemoryDisk,
    naive: NaiveReplica,
    {
      collected,
      past,
      before,
    }: {
      readonly collected?: Set<string>;
      readonly past?: Set<string>;
      readonly before?: StoredReplica;
    } = {},
  ): Promise<void> {
    const { offsetMs } = this.node(index).clock;
    this.nodes[index] = await this.#open(index, disk, naive, offsetMs, collected, past, before);
  }

  /**
   * Begins a session, or resumes the one that is stored; `undefined` if the server has nothing to give. `compare`: one that
   * compares at once; `isIncomparable`: not, though batches may be torn here.
   */
  async open(
    puller: number,
    server: number,
    compare: boolean = false,
    isIncomparable: boolean = false,
  ): Promise<TestSession | undefined> {
    const dependencies = this.#pullDependencies(puller);
    const peer = this.#peer(puller, server);
    const resumed = await PullSession.resume(dependencies, peer);
    if (resumed !== undefined)
      return {
        puller,
        server,
        session: resumed,
        pinned: this.#pinnedOf(puller, server) as NaiveReplica,
        opened: true,
      };
    const { actors, behind } = await this.#compare(puller, server);
    if (behind === 0 && !compare) return undefined;
    const { replica } = this.node(puller);
    const atOnce = compare || replica.isHealing() || (replica.isBootstrapping() && !isIncomparable);
    const session = PullSession.begin(dependencies, peer, actors, atOnce);
    return { puller, server, session, pinned: this.node(server).naive.copy(), opened: false };
  }

  /** One message of a session. `lost`: it, or its answer, did not arrive; the session can go on or be resumed. */
  async step(session: TestSession, delivery: Delivery = 'delivered', keys?: number): Promise<Step | 'lost'> {
    const { puller, server } = session;
    if (!session.opened) session.pinned = this.node(server).naive.copy();
    this.#delivery = delivery;
    if (delivery === 'request-lost' || delivery === 'reply-lost') session.wasLost = true;
    this.#pinnedBySession.set(`${puller} ${server}`, session.pinned);
    try {
      const step = await session.session.step(keys === undefined ? {} : { keys });
      session.opened = step !== 'stale';
      if (step === 'adopted') await this.#adopted(session, session.pinned);
      if (step === 'lossy') this.unexplained++;
      await this.#seeToGivenUp();
      return step;
    } catch (error) {
      if (!(error instanceof LostMessage)) throw error;
      return 'lost';
    } finally {
      this.#delivery = 'delivered';
    }
  }

  /** A node that gave up its context knows no more than what it holds. */
  async #seeToGivenUp(): Promise<void> {
    // What a server was told of, it looks into by itself.
    await settle(SETTLE_TURNS);
    for (const node of this.living()) {
      if (node.epoch === node.replica.epoch) continue;
      node.epoch = node.replica.epoch;
      node.collected.clear();
      node.completed.clear();
      node.naive = await this.#remembered(node.replica, node.naive, node.past);
    }
  }

  /** What a node knows after it gave up its context: no more than what it holds. */
  async #remembered(replica: StoredReplica, before: NaiveReplica, past: Set<string>): Promise<NaiveReplica> {
    const remembered = new NaiveReplica(await presentEntries(replica));
    for (const entry of before.all()) {
      past.add(dotName(entry));
      if (!remembered.has(entry)) this.gone.add(dotName(entry));
    }
    return remembered;
  }

  async #adopted({ puller, server }: TestSession, pinned: NaiveReplica): Promise<void> {
    if (!this.#wasBootstrapping(puller, server)) this.node(puller).naive.learn(pinned);
    await this.#completed(puller, server);
  }

  /** As `Healing` has it, with every peer in reach. */
  async #completed(puller: number, server: number): Promise<void> {
    const { completed, replica } = this.node(puller);
    if (!replica.isHealing() && !replica.isBootstrapping()) return completed.clear();
    completed.add(server);
    if (completed.size >= this.living().length - 1) await replica.endHealing();
  }

  /** To its end. */
  async run(session: TestSession): Promise<Step> {
    for (;;) {
      const step = await this.step(session);
      // A list is read ahead: that it was lost shows when its turn comes.
      if (step === 'lost' && session.wasLost === true) return 'void';
      assert(step !== 'lost', 'nothing is lost unless a test says so');
      if (step !== 'more') return step;
    }
  }

  /** A whole session; a stale or void one is begun anew. */
  async pull(puller: number, server: number): Promise<Step | 'nothing'> {
    let isIncomparable = false;
    for (let attempt = 0; attempt < 5; attempt++) {
      const session = await this.open(puller, server, false, isIncomparable);
      if (session === undefined) {
        await this.#completed(puller, server);
        return 'nothing';
      }
      const step = await this.run(session);
      if (step === 'not-serving' && session.session.comparesAtOnce && !isIncomparable) isIncomparable = true;
      else if (step !== 'void' && step !== 'stale') return step;
    }
    throw new Error(`node ${puller} came to no end with node ${server}`);
  }

  /** Everybody pulls from everybody until nothing changes; `check` runs after each pull. */
  async converge(check: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.#dropLostSessions();
    for (let round = 0; round < 2 * this.nodes.length + 2; round++) {
      let moved = false;
      for (const { index: puller } of this.living()) {
        for (const { index: server } of this.living()) {
          if (puller === server) continue;
          const before = stateOf(this.node(puller).replica);
          await this.pull(puller, server);
          await check();
          await this.#compareIfSuspect(puller, server);
          moved ||= before !== stateOf(this.node(puller).replica);
        }
      }
      if (!moved) return;
    }
    throw new Error('the replicas still move after as many rounds as could be needed');
  }

  /** Sessions that nobody can resume were set aside long enough by then. */
  async #dropLostSessions(): Promise<void> {
    const gone = this.nodes.filter(({ isGone }) => isGone);
    for (const { replica } of this.living())
      for (const { replica: lost } of gone) await replica.dropSession(lost.nodeId);
  }

  /** R8: contexts are equal, and what is shown is not. */
  async #compareIfSuspect(puller: number, server: number): Promise<void> {
    const [own, theirs] = [this.node(puller).replica, this.node(server).replica];
    if (own.contextHash() !== theirs.contextHash() || equalSums(own.fingerprint(), theirs.fingerprint()))
      return;
    const session = await this.open(puller, server, true);
    if (session !== undefined) await this.run(session);
  }

  /** The process ends and starts again; `clean` or as after `kill -9`. */
  async restart(index: number, clean: boolean): Promise<void> {
    const node = this.node(index);
    const disk = clean ? node.disk : await node.disk.copy();
    await node.server.stop();
    if (clean) await node.replica.close();
    await this.#replace(index, disk, node.naive, node);
  }

  /**
   * `store forget NODE --for-ever`, asked of node `index`: the other one ends, this one pulls from all that are left, and the
   * rows give way to one. What only the other one had is gone with it.
   */
  async retire(index: number, other: number): Promise<void> {
    const gone = this.node(other);
    if (!gone.isGone) {
      this.#noteLost(other);
      gone.isGone = true;
      await gone.server.stop();
    }
    for (const { index: server } of this.living()) if (server !== index) await this.pull(index, server);
    try {
      await this.node(index).replica.retire(gone.replica.nodeId);
    } catch (error) {
      if (!(error instanceof BoatoError && error.code === 'MEMBER_UNSETTLED')) throw error;
    }
  }

  /** The next write of a node fails. */
  failNext(index: number): void {
    this.node(index).failure.isDue = true;
  }

  /** Which nodes are fenced because a write has failed. */
  fenced(): readonly number[] {
    return this.nodes.filter(({ replica }) => replica.fenced !== undefined).map(({ index }) => index);
  }

  /** In the same process, as after a failed write. */
  async reopen(index: number): Promise<void> {
    const node = this.node(index);
    await node.server.stop();
    await node.replica.close();
    await this.#replace(index, node.disk, node.naive, { ...node, before: node.replica });
  }

  /** No disk fails any more. */
  mendDisks(): void {
    for (const { failure } of this.nodes) failure.isDue = false;
  }

  /** Loses its disk. */
  async wipe(index: number): Promise<void> {
    this.#noteLost(index);
    await this.node(index).server.stop();
    await this.#replace(index, new MemoryDisk(), new NaiveReplica());
  }

  async #open(
    index: number,
    disk: MemoryDisk,
    naive: NaiveReplica,
    offsetMs: number = 0,
    collected: Set<string> = new Set(),
    past: Set<string> = new Set(),
    before?: StoredReplica,
  ): Promise<TestNode> {
    const clock = new NodeClock(this.clock);
    clock.offsetMs = offsetMs;
    const random = this.#random;
    const store = await disk.open();
    let writes = 0;
    const failure = { isDue: false };
    const replica = await openTestReplica(
      {
        nodeId: `n${index}`,
        store: {
          ...store,
          write: (operations, options) => {
            if (failure.isDue) {
              failure.isDue = false;
              return Promise.reject(new Error('no space left on device'));
            }
            writes++;
            return store.write(operations, options);
          },
        },
        clock,
        random,
        tombstoneTtlMs: TOMBSTONE_TTL_MS,
        maxDriftMs: MAX_DRIFT_MS,
      },
      before,
    );
    const wasChecked = replica.checking !== undefined && (await replica.check()) !== undefined;
    if (wasChecked) this.damaged++;
    const known = wasChecked ? await this.#remembered(replica, naive, past) : naive;
    const server = new SessionServer({
      replica,
      clock,
      random,
      limits: DEFAULT_LIMITS,
      sessionTimeoutMs: 1e9,
      chunkBytes: 1,
    });
    const responder = new Responder({
      replica,
      clock,
      log: silentLog,
      fingerprints: this.#fingerprints,
      server,
      pacing: new Pacing(clock, undefined),
      onPeerClock: () => {},
      onSummary: () => {},
      hearRumours: () => Promise.resolve(new Uint8Array(0)),
      hearEvents: () => new Uint8Array(0),
      exchangeAggregate: () => Promise.resolve({ type: 'aggregate-reply', share: undefined }),
    });
    const doubt = new ClockDoubt(MAX_DRIFT_MS, clock.wallMs(), clock.monotonicMs());
    return {
      index,
      clock,
      doubt,
      startOffsetMs: offsetMs,
      past,
      collected: wasChecked ? new Set() : collected,
      completed: new Set(),
      isGone: false,
      epoch: replica.epoch,
      disk,
      writes: () => writes,
      failure,
      replica,
      server,
      responder,
      naive: known,
    };
  }

  readonly #pinnedBySession = new Map<string, NaiveReplica>();

  #pinnedOf(puller: number, server: number): NaiveReplica | undefined {
    return this.#pinnedBySession.get(`${puller} ${server}`);
  }

  #wasBootstrappingBySession = new Map<string, boolean>();

  #wasBootstrapping(puller: number, server: number): boolean {
    return this.#wasBootstrappingBySession.get(`${puller} ${server}`) === true;
  }

  /** The replica as its sessions see it: what they store is told to the naive twin, too. */
  #pullDependencies(puller: number): PullDependencies {
    const { replica, naive } = this.node(puller);
    const told = new Proxy<Replica>(replica, {
      get: (target, name) => {
        if (name === 'storeChunk') {
          return async (chunk: Parameters<Replica['storeChunk']>[0]) => {
            if (chunk.session !== undefined) {
              const server = chunk.peer.slice(1);
              this.#wasBootstrappingBySession.set(`${puller} ${server}`, chunk.session.serverBootstrapping);
            }
            await target.storeChunk(chunk);
            naive.add(chunk.entries);
          };
        }
        // What was deleted there is known here from now on, though its tombstone may be gone.
        if (name === 'settle') {
          return async (settlement: Settlement) => {
            const settled = await target.settle(settlement);
            const keys = new Set(settlement.differences.map(({ key }) => byteString(key)));
            const pinned = this.#pinnedOf(puller, Number(settlement.session.peer.slice(1)))?.all() ?? [];
            naive.add(settlement.entries);
            naive.hear(pinned.filter(({ key }) => keys.has(byteString(key))));
            return settled;
          };
        }
        const member = Reflect.get(target, name) as unknown;
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    const { clock } = this.node(puller);
    return { replica: told, clock, limits: DEFAULT_LIMITS, maxDriftMs: MAX_DRIFT_MS };
  }

  #peer(puller: number, server: number): SessionPeer {
    const peerId = this.node(server).replica.nodeId;
    return {
      nodeId: peerId,
      request: async (request) => {
        const delivery = this.#delivery;
        if (delivery === 'request-lost') throw new LostMessage();
        if (delivery === 'repeated') await this.#ask(puller, server, request);
        const reply = await this.#ask(puller, server, request);
        if (delivery === 'reply-lost') throw new LostMessage();
        return reply;
      },
      notify: (message) => {
        this.node(server).server.notice(this.node(puller).replica.nodeId, overTheWire(message));
      },
    };
  }

  async #ask(puller: number, server: number, request: NewRequest): Promise<Reply> {
    const isEmpty = request.type === 'open' && request.empty && this.#keyOrder;
    const asked = overTheWire({
      ...request,
      ...(request.type === 'open' ? { empty: isEmpty } : {}),
      request: 1,
    });
    const link = { nodeId: this.node(puller).replica.nodeId, protocolVersion: PROTOCOL_VERSION } as Link;
    const answer = await this.node(server)
      .responder.answer(link, asked)
      .catch((error: unknown): NewReply => {
        if (!(error instanceof ServingFailure)) throw error;
        return { type: 'failure', code: error.code, reason: error.message };
      });
    return overTheWire({ ...answer, request: 1 });
  }

  /** By heads, which must tell all that differs; every other pair of nodes goes by what digests tell. */
  async #compare(puller: number, server: number): Promise<Comparison> {
    const { replica } = this.node(puller);
    const told = await compareHeads(
      { replica, fingerprints: this.#fingerprints, recent: () => [] },
      {
        heads: async (asked) => {
          const reply = await this.#ask(puller, server, { type: 'heads', ...asked });
          assert(reply.type === 'heads-reply', 'heads are answered');
          return reply;
        },
        chains: async (asked) => {
          const reply = await this.#ask(puller, server, { type: 'chains', ...asked });
          assert(reply.type === 'chains-reply', 'chains are answered');
          return reply;
        },
      },
    );
    assert(told !== undefined, 'heads are enough');
    this.#checkTold(puller, server, told);
    if ((puller + server) % 2 === 1) return told;
    const answers = [];
    for (const page of digestPages(replica.rows(), this.#fingerprints)) {
      const reply = await this.#ask(puller, server, { type: 'digest', ...page });
      assert(reply.type === 'digest-reply', 'a digest is answered');
      answers.push(reply);
    }
    return compareRows(replica.rows(), answers, [], this.#fingerprints);
  }

  /** Against both contexts, row by row. */
  #checkTold(puller: number, server: number, { actors, rows, lacks, behind }: Comparison): void {
    const [own, theirs] = [this.node(puller).replica, this.node(server).replica];
    const listed = new Set(actors);
    const rowByActor = new Map(rows.map((row) => [row.actor, row]));
    let expectedBehind = 0;
    for (const { actor } of [...own.rows(), ...theirs.rows()]) {
      const [here, there] = [own, theirs].map((replica) => replica.row(actor) ?? unknownRow(actor));
      if (saysTheSame(here as Row, there as Row)) continue;
      assert(listed.has(actor), 'an actor on which two nodes differ is listed');
      const told = lacks.has(actor) ? unknownRow(actor) : rowByActor.get(actor);
      assert(told !== undefined && saysTheSame(told, there as Row), 'as the peer has it');
    }
    for (const row of theirs.rows())
      if (
        !dominates(
          knownRow(row.actor, (actor) => own.row(actor)),
          row,
        )
      )
        expectedBehind++;
    assert(behind === expectedBehind, 'it is behind in as many as it lacks something of');
  }
}

function stateOf(replica: StoredReplica): string {
  const { healing, bootstrapping } = replica.state;
  return `${replica.contextHash()} ${replica.fingerprint().sum} ${healing} ${bootstrapping}`;
}

/** Through the real codec, as bytes. */
function overTheWire<T extends Message>(message: T): T {
  return decodeMessage(encodeMessage(message, packer), packer) as T;
}
