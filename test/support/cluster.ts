/** Replicas that exchange real messages, one step at a time, beside naive ones that are told the same. */

import { packer } from '../../src/adapters/msgpack-packer.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { assert } from '../../src/core/assert.ts';
import { type Entry, isLive } from '../../src/core/entry.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import type { NewReply, NewRequest } from '../../src/gossip/pending-requests.ts';
import { type Comparison, compareRows, digestPages } from '../../src/gossip/digest.ts';
import type { Link } from '../../src/gossip/link.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message, Reply } from '../../src/gossip/messages.ts';
import {
  type PullDependencies,
  PullSession,
  type SessionPeer,
  type Step,
} from '../../src/gossip/pull-session.ts';
import { Responder } from '../../src/gossip/responder.ts';
import { ServingFailure } from '../../src/gossip/serving-failure.ts';
import { SessionServer } from '../../src/gossip/session-server.ts';
import type { Replica } from '../../src/ports/replica.ts';
import type { Random } from '../../src/ports/random.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { dotName, liveValues, NaiveReplica } from './naive-replica.ts';
import { hash64, openTestReplica, presentEntries, text } from './replica-fixture.ts';

const TOMBSTONE_TTL_MS = 20_000;
const MAX_DRIFT_MS = 30_000;

interface TestNode {
  readonly index: number;
  disk: MemoryDisk;
  replica: StoredReplica;
  server: SessionServer;
  responder: Responder;
  naive: NaiveReplica;
}

type Shown = Record<string, string>;

export interface TestSession {
  readonly puller: number;
  readonly server: number;
  readonly session: PullSession;
  /** What the server's naive twin held when the snapshot was pinned. */
  pinned: Entry[] | undefined;
}

/** How a message of a session fares. */
export type Delivery = 'delivered' | 'request-lost' | 'reply-lost' | 'repeated';

export class LostMessage extends Error {}

export class Cluster {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly nodes: TestNode[] = [];
  /** Every entry whose write was acknowledged, wherever. */
  readonly acknowledged: NaiveReplica = new NaiveReplica();
  readonly #random: Random;
  readonly #fingerprints = new Fingerprints(hash64);
  #writes = 0;
  #delivery: Delivery = 'delivered';

  private constructor(seed: number) {
    this.#random = createSeededRandom(seed);
  }

  static async create(size: number, seed: number = 1): Promise<Cluster> {
    const cluster = new Cluster(seed);
    for (let index = 0; index < size; index++) {
      cluster.nodes.push(await cluster.#open(index, new MemoryDisk(), new NaiveReplica()));
    }
    return cluster;
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
    const { replica, naive } = this.node(index);
    const seen = new Set(naive.all().map(dotName));
    await replica.write(writes);
    const written = (await replica.getMany(writes.map(({ key }) => key))).filter(
      (entry) => entry !== undefined,
    );
    naive.add(written);
    this.acknowledged.add(written);
    for (const entry of written) this.#seenByWriter.set(dotName(entry), seen);
  }

  /**
   * What node `index` shows, and ought to show as far as `told` goes. A live value that only deletions override whose
   * authors had not seen it may show until a comparison, if it arrived after they were collected (P5): then it is
   * counted as told.
   */
  async shown(index: number, told: NaiveReplica): Promise<{ shown: Shown; expected: Shown }> {
    const wallMs = this.clock.wallMs();
    const present = await presentEntries(this.node(index).replica);
    const shown = liveValues(present, wallMs);
    const expected = told.live(wallMs);
    for (const entry of present) {
      const name = text(entry.key);
      if (!(name in shown) || name in expected || !told.has(entry)) continue;
      const overridden = told.larger(entry);
      const isUnseen = (other: Entry): boolean =>
        this.#seenByWriter.get(dotName(other))?.has(dotName(entry)) === false;
      if (overridden.every((other) => !isLive(other, wallMs) && isUnseen(other))) {
        expected[name] = text(entry.value);
      }
    }
    return { shown, expected };
  }

  /** Begins a session, or resumes the one that is stored; `undefined` if the server has nothing to give. */
  async open(puller: number, server: number): Promise<TestSession | undefined> {
    const dependencies = this.#pullDependencies(puller);
    const peer = this.#peer(puller, server);
    const resumed = await PullSession.resume(dependencies, peer);
    if (resumed !== undefined)
      return { puller, server, session: resumed, pinned: this.#pinnedOf(puller, server) };
    const { actors, behind } = await this.#compare(puller, server);
    if (behind === 0) return undefined;
    return { puller, server, session: PullSession.begin(dependencies, peer, actors), pinned: undefined };
  }

  /** One message of a session. `lost`: it, or its answer, did not arrive; the session can go on or be resumed. */
  async step(session: TestSession, delivery: Delivery = 'delivered'): Promise<Step | 'lost'> {
    const { puller, server } = session;
    session.pinned ??= this.node(server).naive.all();
    this.#delivery = delivery;
    try {
      const step = await session.session.step();
      this.#pinnedBySession.set(`${puller} ${server}`, session.pinned);
      if (step === 'adopted' && !this.#wasBootstrapping(puller, server)) {
        this.node(puller).naive.add(session.pinned);
      }
      if (step === 'stale') session.pinned = undefined;
      return step;
    } catch (error) {
      if (error instanceof LostMessage) return 'lost';
      throw error;
    } finally {
      this.#delivery = 'delivered';
    }
  }

  /** To its end. */
  async run(session: TestSession): Promise<Step> {
    for (;;) {
      const step = await this.step(session);
      assert(step !== 'lost', 'nothing is lost unless a test says so');
      if (step !== 'more') return step;
    }
  }

  /** A whole session; a stale or void one is begun anew. */
  async pull(puller: number, server: number): Promise<Step | 'nothing'> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const session = await this.open(puller, server);
      if (session === undefined) return 'nothing';
      const step = await this.run(session);
      if (step !== 'void' && step !== 'stale') return step;
    }
    throw new Error(`node ${puller} came to no end with node ${server}`);
  }

  /** Everybody pulls from everybody until nothing changes. Tells whether somebody was late. */
  async converge(): Promise<boolean> {
    let someLate = false;
    for (let round = 0; round < 2 * this.nodes.length + 2; round++) {
      let moved = false;
      for (const { index: puller } of this.nodes) {
        for (const { index: server } of this.nodes) {
          if (puller === server) continue;
          const before = this.node(puller).replica.contextHash();
          const outcome = await this.pull(puller, server);
          if (outcome === 'late') someLate = true;
          moved ||= before !== this.node(puller).replica.contextHash();
        }
      }
      if (!moved) return someLate;
    }
    throw new Error('the replicas still move after as many rounds as could be needed');
  }

  /** The process ends and starts again; `clean` or as after `kill -9`. */
  async restart(index: number, clean: boolean): Promise<void> {
    const node = this.node(index);
    const disk = clean ? node.disk : await node.disk.copy();
    await node.server.stop();
    if (clean) await node.replica.close();
    this.nodes[index] = await this.#open(index, disk, node.naive);
  }

  /** Loses its disk. */
  async wipe(index: number): Promise<void> {
    await this.node(index).server.stop();
    this.nodes[index] = await this.#open(index, new MemoryDisk(), new NaiveReplica());
  }

  async #open(index: number, disk: MemoryDisk, naive: NaiveReplica): Promise<TestNode> {
    const { clock } = this;
    const random = this.#random;
    const replica = await openTestReplica({
      nodeId: `n${index}`,
      disk,
      clock,
      random,
      tombstoneTtlMs: TOMBSTONE_TTL_MS,
      maxDriftMs: MAX_DRIFT_MS,
    });
    const server = new SessionServer({ replica, clock, random, sessionTimeoutMs: 1e9, chunkBytes: 1 });
    const responder = new Responder({
      replica,
      clock,
      log: silentLog,
      fingerprints: this.#fingerprints,
      server,
      onPeerClock: () => {},
      onSummary: () => {},
    });
    return { index, disk, replica, server, responder, naive };
  }

  readonly #pinnedBySession = new Map<string, Entry[]>();

  #pinnedOf(puller: number, server: number): Entry[] | undefined {
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
        const member = Reflect.get(target, name) as unknown;
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    return { replica: told, clock: this.clock, limits: DEFAULT_LIMITS, maxDriftMs: MAX_DRIFT_MS };
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
        this.node(server).server.done(this.node(puller).replica.nodeId, overTheWire(message));
      },
    };
  }

  async #ask(puller: number, server: number, request: NewRequest): Promise<Reply> {
    const asked = overTheWire({ ...request, request: 1 });
    const link = { nodeId: this.node(puller).replica.nodeId } as Link;
    const answer = await this.node(server)
      .responder.answer(link, asked)
      .catch((error: unknown): NewReply => {
        if (!(error instanceof ServingFailure)) throw error;
        return { type: 'failure', code: error.code, reason: error.message };
      });
    return overTheWire({ ...answer, request: 1 });
  }

  async #compare(puller: number, server: number): Promise<Comparison> {
    const { replica } = this.node(puller);
    const answers = [];
    for (const page of digestPages(replica.rows(), this.#fingerprints)) {
      const reply = await this.#ask(puller, server, { type: 'digest', ...page });
      assert(reply.type === 'digest-reply', 'a digest is answered');
      answers.push(reply);
    }
    return compareRows(replica.rows(), answers, [], this.#fingerprints);
  }
}

/** Through the real codec, as bytes. */
function overTheWire<T extends Message>(message: T): T {
  return decodeMessage(encodeMessage(message, packer), packer) as T;
}
