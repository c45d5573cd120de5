/**
 * Pulls from peers, one at a time: which session comes next, and what follows from its end.
 *
 * 1. A stored session with the peer goes on before a new one is begun (R5); whether a new one is worth while, the
 *    digest tells.
 * 2. What breaks off is set aside: its record stays, and it goes on when its peer is next pulled from.
 * 3. A peer from which this node is late is not pulled from again until something was adopted from another, or it is
 *    started again; unless the node can start over.
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { BoatoError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';
import type { Comparison } from './digest.ts';
import type { Link } from './link.ts';
import { PullQueue } from './pull-queue.ts';
import { type PullDependencies, PullSession, type SessionPeer, type Step } from './pull-session.ts';
import type { Warnings } from './warnings.ts';

/** Sessions in a row that may end stale, void, or with a fresh start, before the rest is left to the next round. */
const ATTEMPTS_MAX = 4;

export interface PullerDependencies extends PullDependencies {
  readonly log: Log;
  readonly warnings: Warnings;
  /** Asks a peer which rows differ. */
  readonly compare: (link: Link) => Promise<Comparison>;
  /** A link to the node in the place of one that closed while it waited for its turn. */
  readonly linkTo: (nodeId: NodeId) => Link | undefined;
  /** A session told what a peer's clock shows. */
  readonly onPeerClock: (peer: NodeId, wallMs: number) => void;
  /** Runs `task` while no session is served. */
  readonly withoutServing: (task: () => Promise<void>) => Promise<void>;
}

/** How a pull ended: as its last session did, with nothing to pull, or set aside. */
export interface PullResult {
  readonly outcome: Exclude<Step, 'more'> | 'nothing' | 'set-aside';
  readonly entries: number;
  readonly bytes: number;
}

export interface RunningPull {
  readonly peer: NodeId;
  readonly session: PullSession;
}

export class Puller {
  readonly #dependencies: PullerDependencies;
  readonly #queue = new PullQueue<PullResult>();
  readonly #late = new Set<NodeId>();
  #running: RunningPull | undefined;
  #stopped = false;
  /** Sessions so far of which something lay too far in the future. */
  refused = 0;

  constructor(dependencies: PullerDependencies) {
    this.#dependencies = dependencies;
  }

  get running(): RunningPull | undefined {
    return this.#running;
  }

  isLate(peer: NodeId): boolean {
    return this.#late.has(peer);
  }

  /** Pulls when its turn comes. Never fails. */
  pull(link: Link): Promise<PullResult> {
    return this.#queue.add(link.nodeId, () => this.#pullNow(link));
  }

  /** Begins nothing more; resolves when nothing runs. Closed channels end what does. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#queue.idle();
  }

  async #pullNow(asked: Link): Promise<PullResult> {
    const { linkTo } = this.#dependencies;
    const link = asked.channel.isOpen ? asked : linkTo(asked.nodeId);
    const pulled = { entries: 0, bytes: 0 };
    if (this.#stopped || link === undefined || this.#late.has(link.nodeId)) {
      return { outcome: 'nothing', ...pulled };
    }
    // Others wait; the next round finds out whether it is there again.
    if (link.channel.isSilent) return { outcome: 'set-aside', ...pulled };
    try {
      const outcome = await this.#sessions(link, pulled);
      return { outcome, ...pulled };
    } catch (error) {
      this.#failed(link, error);
      return { outcome: 'set-aside', ...pulled };
    } finally {
      this.#running = undefined;
    }
  }

  async #sessions(link: Link, pulled: { entries: number; bytes: number }): Promise<PullResult['outcome']> {
    for (let attempt = 1; ; attempt++) {
      const session = await this.#nextSession(link);
      if (session === undefined) return 'nothing';
      this.#running = { peer: link.nodeId, session };
      let outcome: Exclude<Step, 'more'>;
      try {
        outcome = await session.run();
      } finally {
        pulled.entries += session.entries;
        pulled.bytes += session.bytes;
      }
      if (session.peerWallMs !== undefined) this.#dependencies.onPeerClock(link.nodeId, session.peerWallMs);
      if (!(await this.#isWorthAnother(link.nodeId, outcome, session)) || attempt === ATTEMPTS_MAX) {
        return outcome;
      }
    }
  }

  async #nextSession(link: Link): Promise<PullSession | undefined> {
    const peer: SessionPeer = {
      nodeId: link.nodeId,
      request: (request) => link.channel.request(request),
      notify: (message) => link.channel.notify(message),
    };
    const resumed = await PullSession.resume(this.#dependencies, peer);
    if (resumed !== undefined) return resumed;
    const { actors, behind } = await this.#dependencies.compare(link);
    return behind === 0 ? undefined : PullSession.begin(this.#dependencies, peer, actors);
  }

  /** What follows from the end of a session; whether another one should come at once. */
  async #isWorthAnother(
    peer: NodeId,
    outcome: Exclude<Step, 'more'>,
    session: PullSession,
  ): Promise<boolean> {
    const { log, warnings } = this.#dependencies;
    const { entries, bytes, reason } = session;
    switch (outcome) {
      case 'adopted':
        warnings.clear('REFUSED_FROM_FUTURE', peer);
        this.#forgetLate();
        log.debug({ peer, entries, bytes }, 'Pulled from a peer.');
        return false;
      case 'late':
        return this.#endLate(peer);
      case 'refused':
        this.refused++;
        warnings.raise('REFUSED_FROM_FUTURE', peer, refusedSentence(peer, reason));
        return false;
      case 'ahead':
      case 'not-serving':
        log.debug({ peer, outcome, reason }, 'A session did not come about.');
        return false;
      case 'stale':
      case 'void':
        log.debug({ peer, outcome }, 'A session must begin anew.');
        return true;
    }
  }

  /** What is left of a first copy that broke off is of no use to anyone: the node begins again, empty. */
  async #endLate(peer: NodeId): Promise<boolean> {
    const { replica, log, warnings, withoutServing } = this.#dependencies;
    if (replica.canStartOver()) {
      log.info(
        { peer },
        'The first copy of the data broke off and cannot go on: this node starts over, empty.',
      );
      await withoutServing(() => replica.startOver());
      return true;
    }
    this.#late.add(peer);
    warnings.raise('LATE', peer, lateSentence(peer));
    return false;
  }

  /** What was adopted may be what this node was late for: the next session with each peer decides anew. */
  #forgetLate(): void {
    for (const peer of this.#late) this.#dependencies.warnings.clear('LATE', peer);
    this.#late.clear();
  }

  #failed(link: Link, error: unknown): void {
    const { log } = this.#dependencies;
    const peer = link.nodeId;
    if (error instanceof MalformedBytes) {
      link.channel.closeMalformed(error.message);
    } else if (error instanceof BoatoError && error.code === 'PROTOCOL') {
      log.warn({ peer, error: error.message }, 'A session was given up.');
    } else if (error instanceof BoatoError && QUIET.has(error.code)) {
      log.debug({ peer, error: error.message }, 'A session was set aside.');
    } else {
      log.error({ peer, error: String(error) }, 'A session failed.');
    }
  }
}

/** The peer is gone or refuses, the node stops, or is damaged: told elsewhere, or no news. */
const QUIET: ReadonlySet<string> = new Set([
  'PEER_UNREACHABLE',
  'PEER_REFUSED',
  'TIMEOUT',
  'STORE_CLOSED',
  'STORE_FENCED',
  'RECORD_DAMAGED',
]);

function lateSentence(peer: NodeId): string {
  return `This node takes nothing from node ${peer} any more: it was away for longer than the tombstone TTL, or was written to before it first held a whole copy, so it may hold keys whose deletion ${peer} has forgotten, and they would come back. Its own writes still reach others. To rejoin: stop this node, export what you need, empty its folder, and start it again.`;
}

function refusedSentence(peer: NodeId, what: string): string {
  return `Node ${peer} sent ${what} from too far in the future, so nothing of that session was adopted: check the clocks of all machines.`;
}
