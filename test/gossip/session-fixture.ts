/** A puller and a server of sessions without a network between them, so that a test steps one message at a time. */

import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import type { NewRequest, NewReply } from '../../src/gossip/pending-requests.ts';
import { type PullDependencies, PullSession } from '../../src/gossip/pull-session.ts';
import type { SessionPeer } from '../../src/gossip/session-peer.ts';
import { failureOf } from '../../src/gossip/serving-failure.ts';
import { SessionServer, type SessionServerDependencies } from '../../src/gossip/session-server.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Compare, Fetch, List, Sums } from '../../src/gossip/comparison-messages.ts';
import type { Notice, Reply, Request } from '../../src/gossip/messages.ts';
import type { Replica } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';

export const MAX_DRIFT_MS = 30_000;
export const SESSION_TIMEOUT_MS = 30_000;

export function makeServer(
  replica: Replica,
  clock: Clock,
  chunkBytes: number = 1,
  of: Partial<SessionServerDependencies> = {},
): SessionServer {
  const random = createSeededRandom(1);
  return new SessionServer({
    replica,
    clock,
    random,
    limits: DEFAULT_LIMITS,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    chunkBytes,
    ...of,
  });
}

/** What a puller sees of a server. `change` may bend a reply, or throw in its place. */
export class DirectPeer implements SessionPeer {
  readonly nodeId: NodeId;
  readonly puller: NodeId;
  /** Types of the requests and notices so far. */
  readonly asked: string[] = [];
  server: SessionServer;
  change: (reply: Reply) => Reply = (reply) => reply;
  /** What the server says without being asked. */
  readonly told: Notice[] = [];
  /** What the puller said so. */
  readonly notices: Notice[] = [];

  constructor(server: SessionServer, nodeId: NodeId, puller: NodeId) {
    this.server = server;
    this.nodeId = nodeId;
    this.puller = puller;
  }

  async request(request: NewRequest): Promise<Reply> {
    this.asked.push(request.type);
    const reply = await this.#answer({ ...request, request: 1 }).catch(failureOf);
    return this.change({ ...reply, request: 1 });
  }

  notify(message: Notice): void {
    this.asked.push(message.type);
    this.notices.push(message);
    this.server.notice(this.puller, message);
  }

  #answer(request: Request): Promise<NewReply> {
    if (request.type === 'open') return this.server.open(this.puller, request);
    if (request.type === 'next') return this.server.next(this.puller, request);
    if (['summary', 'recent', 'digest', 'rumours'].includes(request.type))
      throw new Error('sessions do not ask for that');
    return this.server.compare(
      this.puller,
      request as Compare | Sums | List | Fetch,
      (notice) => void this.told.push(notice),
    );
  }
}

export function pullDependencies(replica: Replica, clock: Clock): PullDependencies {
  return { replica, clock, limits: DEFAULT_LIMITS, maxDriftMs: MAX_DRIFT_MS };
}

/** Every actor that one of the two knows, ascending. */
export function allActors(
  ...replicas: readonly Pick<StoredReplica, 'rows'>[]
): ReturnType<StoredReplica['rows']>[number]['actor'][] {
  return [...new Set(replicas.flatMap((replica) => replica.rows().map(({ actor }) => actor)))].toSorted();
}

export interface Pair {
  readonly clock: SimulatedClock;
  readonly puller: StoredReplica;
  readonly server: StoredReplica;
  readonly sessions: SessionServer;
  readonly peer: DirectPeer;
  /** A new session about every actor. `compare`: at once. */
  begin(compare?: boolean): PullSession;
  resume(): Promise<PullSession | undefined>;
}

export function makePair(
  puller: StoredReplica,
  server: StoredReplica,
  clock: SimulatedClock,
  chunkBytes: number = 1,
): Pair {
  const sessions = makeServer(server, clock, chunkBytes);
  const peer = new DirectPeer(sessions, server.nodeId, puller.nodeId);
  const dependencies = pullDependencies(puller, clock);
  return {
    clock,
    puller,
    server,
    sessions,
    peer,
    begin: (compare = false) => PullSession.begin(dependencies, peer, allActors(puller, server), compare),
    resume: () => PullSession.resume(dependencies, peer),
  };
}
