/**
 * Pulls from peers, one at a time: which session comes next, and what follows from its end.
 *
 * 1. A stored session with the peer goes on before a new one is begun (R5); whether a new one is worth while, the
 *    digest tells.
 * 2. What breaks off is set aside: its record stays, and it goes on when its peer is next pulled from, unless that is so
 *    late that the peer cannot have kept it.
 * 3. A node that gave up its context, or is left with much of sessions that are gone, compares at once (R9).
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { type Row, sameEntries } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import { ROWS_MAX } from '../core/row-codec.ts';
import type { Log } from '../ports/log.ts';
import type { Replica } from '../ports/replica.ts';
import type { Comparison } from './digest.ts';
import type { Link } from './link.ts';
import { PullQueue } from './pull-queue.ts';
import { type PullDependencies, PullSession, type Step } from './pull-session.ts';
import type { SessionPeer } from './session-peer.ts';
import { SetAside } from './set-aside.ts';
import type { Warnings } from './warnings.ts';

/** Entries that broken sessions left: with more, comparing is cheaper than to be sent them again. */
const LOOSE_DOTS_MAX = 1000;

/** Sessions in a row that may end stale, void, or with a fresh start, before the rest is left to the next round. */
const ATTEMPTS_MAX = 4;

export interface PullerDependencies extends PullDependencies {
  readonly log: Log;
  readonly warnings: Warnings;
  readonly sessionTimeoutMs: number;
  /** Asks a peer which rows differ. */
  readonly compare: (link: Link) => Promise<Comparison>;
  /** A link to the node in the place of one that closed while it waited for its turn. */
  readonly linkTo: (nodeId: NodeId) => Link | undefined;
  /** A session told what a peer's clock shows. */
  readonly onPeerClock: (peer: NodeId, wallMs: number) => void;
  /** A peer compares what it holds with a snapshot of this node's now. */
  readonly isComparing: (peer: NodeId) => boolean;
  /** How many entries this node has sent a peer so far. */
  readonly sentTo: (peer: NodeId) => number;
  /** A session with the peer was adopted, or would bring nothing. */
  readonly onCompleted: (peer: NodeId) => void;
}

/** To find out that too much is lacking takes both ends seconds of work. */
const TOO_MANY_RUNS_PAUSE_MS = 600_000;

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
  readonly #setAside: SetAside;
  /** What had been sent to a peer when it was connected, until the first pull from it is through. */
  readonly #sentBefore = new Map<NodeId, number>();
  #running: RunningPull | undefined;
  #stopped = false;
  /** Peers that had nothing to compare with when last asked: from them it is a delta, or nothing. */
  readonly #incomparable = new Set<NodeId>();
  /** Peers from which too much is lacking to be asked for. */
  readonly #comparedAgainAtMs = new Map<NodeId, number>();
  /** Entries received so far. */
  entries = 0;
  /** Sessions so far of which something lay too far in the future. */
  refused = 0;

  constructor(dependencies: PullerDependencies) {
    this.#dependencies = dependencies;
    const { replica, clock, sessionTimeoutMs } = dependencies;
    this.#setAside = new SetAside(replica, clock, sessionTimeoutMs);
  }

  get running(): RunningPull | undefined {
    return this.#running;
  }

  /** A peer is there again: what it is sent from now on belongs to the first pull from it. */
  connected({ nodeId }: Link): void {
    this.#sentBefore.set(nodeId, this.#dependencies.sentTo(nodeId));
  }

  /** Pulls when its turn comes. Never fails. */
  pull(link: Link): Promise<PullResult> {
    return this.#queue.add(link.nodeId, () => this.#pullNow(link, false));
  }

  /** Compares, though nothing may seem to differ (R8), when its turn comes. Never fails. */
  compare(link: Link): Promise<PullResult> {
    return this.#queue.add(`${link.nodeId} compare`, () => this.#pullNow(link, true));
  }

  /** Drops sessions that no peer can have kept. Never fails: the next time tries again. */
  async dropSetAside(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#setAside.drop(this.#running?.peer);
    } catch (error) {
      this.#dependencies.log.debug({ error: String(error) }, 'A session could not be dropped.');
    }
  }

  /** Begins nothing more; resolves when nothing runs. Closed channels end what does. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#queue.idle();
  }

  async #pullNow(asked: Link, compare: boolean): Promise<PullResult> {
    const { linkTo, replica } = this.#dependencies;
    const link = asked.channel.isOpen ? asked : linkTo(asked.nodeId);
    const { sentTo } = this.#dependencies;
    const pulled = { entries: 0, bytes: 0, sentBefore: sentTo(asked.nodeId) };
    if (this.#stopped || link === undefined || replica.notTaking() !== undefined) {
      return { outcome: 'nothing', entries: 0, bytes: 0 };
    }
    // Others wait; the next round finds out whether it is there again.
    if (link.channel.isStalled) return { outcome: 'set-aside', entries: 0, bytes: 0 };
    pulled.sentBefore = this.#sentBefore.get(link.nodeId) ?? pulled.sentBefore;
    try {
      const outcome = await this.#sessions(link, pulled, compare);
      this.#sentBefore.delete(link.nodeId);
      return { outcome, entries: pulled.entries, bytes: pulled.bytes };
    } catch (error) {
      this.#failed(link, error);
      return { outcome: 'set-aside', entries: pulled.entries, bytes: pulled.bytes };
    } finally {
      this.#running = undefined;
    }
  }

  async #sessions(
    link: Link,
    pulled: { entries: number; bytes: number; readonly sentBefore: number },
    compare: boolean,
  ): Promise<PullResult['outcome']> {
    for (let attempt = 1; ; attempt++) {
      const session = await this.#nextSession(link, compare);
      if (session === undefined) this.#dependencies.onCompleted(link.nodeId);
      if (session === undefined || session === 'later') return 'nothing';
      this.#running = { peer: link.nodeId, session };
      let outcome: Exclude<Step, 'more'>;
      try {
        outcome = await session.run();
      } finally {
        await session.close();
        if (session.bytes > 0) this.#setAside.wentOn(link.nodeId);
        pulled.entries += session.entries;
        this.entries += session.entries;
        pulled.bytes += session.bytes;
      }
      if (session.peerWallMs !== undefined) this.#dependencies.onPeerClock(link.nodeId, session.peerWallMs);
      if (outcome === 'adopted') this.#tellCompared(link.nodeId, session, pulled.sentBefore);
      if (!this.#isWorthAnother(link.nodeId, outcome, session) || attempt === ATTEMPTS_MAX) {
        return outcome;
      }
    }
  }

  async #nextSession(link: Link, compare: boolean): Promise<PullSession | 'later' | undefined> {
    const peer: SessionPeer = {
      nodeId: link.nodeId,
      request: (request) => link.channel.request(request),
      notify: (message) => link.channel.notify(message),
    };
    const resumed = await PullSession.resume(this.#dependencies, peer);
    if (resumed !== undefined) return resumed;
    const { replica, clock, warnings, compare: compareRows } = this.#dependencies;
    if (clock.monotonicMs() < (this.#comparedAgainAtMs.get(link.nodeId) ?? 0)) return 'later';
    const { actors, rows, behind } = await compareRows(link);
    warnings.clear('TOO_MANY_RUNS', link.nodeId);
    if (behind === 0 && !compare) return undefined;
    // A session tells all rows that differ at once: of a part of them nothing could be adopted.
    if (actors.length > ROWS_MAX) {
      warnings.raise('TOO_MANY_RUNS', link.nodeId, tooManyRunsSentence(link.nodeId, actors.length));
      this.#comparedAgainAtMs.set(link.nodeId, clock.monotonicMs() + TOO_MANY_RUNS_PAUSE_MS);
      return 'later';
    }
    const isUnsure = replica.isBootstrapping() || looseAmong(rows, replica) > LOOSE_DOTS_MAX;
    const atOnce = compare || replica.isHealing() || (isUnsure && !this.#incomparable.has(link.nodeId));
    // What the peer is taking over from here differs in every row until it is through.
    if (atOnce && !compare && this.#dependencies.isComparing(link.nodeId)) return 'later';
    return PullSession.begin(this.#dependencies, peer, actors, atOnce);
  }

  /** One line for whoever wonders what became of a node's entries after an absence. */
  #tellCompared(peer: NodeId, session: PullSession, sentBefore: number): void {
    const { log, sentTo } = this.#dependencies;
    if (session.compared === undefined) return;
    const { kept, dropped, taken } = session.compared;
    const counts = { kept, dropped, taken: session.entries + taken, sent: sentTo(peer) - sentBefore };
    log.info({ peer, ...counts }, session.isLate ? REJOINED : COMPARED);
  }

  /** What follows from the end of a session; whether another one should come at once. */
  #isWorthAnother(peer: NodeId, outcome: Exclude<Step, 'more'>, session: PullSession): boolean {
    const { log, warnings } = this.#dependencies;
    const { entries, bytes, reason } = session;
    this.#incomparable.delete(peer);
    switch (outcome) {
      case 'adopted':
        warnings.clear('REFUSED_FROM_FUTURE', peer);
        log.debug({ peer, entries, bytes }, 'Pulled from a peer.');
        this.#dependencies.onCompleted(peer);
        return false;
      case 'damaged':
        return true;
      case 'lossy':
        log.warn({ peer }, 'A peer lacks entries that it has seen: its disk is damaged, and it was told.');
        return false;
      case 'refused':
        this.refused++;
        warnings.raise('REFUSED_FROM_FUTURE', peer, refusedSentence(peer, session));
        return false;
      case 'ahead':
      case 'not-serving':
        log.debug({ peer, outcome, reason }, 'A session did not come about.');
        if (outcome === 'not-serving' && session.comparesAtOnce) this.#incomparable.add(peer);
        return false;
      case 'stale':
      case 'void':
        log.debug({ peer, outcome }, 'A session must begin anew.');
        return true;
    }
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

const COMPARED =
  'Compared with a peer: own writes that it lacked were kept, stale entries dropped, missing ones taken.';
const REJOINED =
  'Away for longer than deletions are kept, this node compared what it holds with a peer: own writes that it lacked were kept, stale entries dropped, missing ones taken.';

/** Loose dots here of actors of which the peer holds something else. */
function looseAmong(rows: readonly Row[], replica: Replica): number {
  let count = 0;
  for (const theirs of rows) {
    const own = replica.row(theirs.actor);
    if (own !== undefined && !sameEntries(own, theirs)) count += own.loose.count;
  }
  return count;
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

function tooManyRunsSentence(peer: NodeId, runs: number): string {
  return `This node lacks what was written in ${runs} runs of nodes, as node ${peer} knows them, and can ask for those of ${ROWS_MAX} at once, so it takes nothing: bring the data over with \`store export\` there and \`store import\` into a new cluster.`;
}

function refusedSentence(peer: NodeId, { reason: what, aheadMs }: PullSession): string {
  const seconds = Math.round(aheadMs / 1000);
  return `Node ${peer} sent ${what} from too far in the future (${seconds} s ahead of this node's clock), so nothing of that session was adopted: check the clocks of all machines; once they are right, \`store clock repair\` there takes it out.`;
}
