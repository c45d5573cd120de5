/** Rounds of anti-entropy (Demers et al. 1987, section 1.3): push-pull with a few random peers, again and again. */

import type { NodeId } from '../core/actor.ts';
import { sameEntries, type Row } from '../core/context.ts';
import { isPeerAhead } from '../core/drift.ts';
import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Replica } from '../ports/replica.ts';
import type { Comparison } from './digest.ts';
import type { Link } from './link.ts';
import type { Peers } from './peers.ts';
import type { Puller } from './puller.ts';
import type { Rounds } from './round.ts';
import type { Warnings } from './warnings.ts';

/** Each pause between rounds is drawn from the interval and a fifth of it to either side. */
const JITTER = 0.2;

/** `sync` with `wait` looks again after so long. */
const WAIT_STEP_MS = 100;

export interface AntiEntropyDependencies {
  readonly replica: Replica;
  readonly peers: Peers;
  readonly rounds: Rounds;
  readonly puller: Puller;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly warnings: Warnings;
  readonly maxDriftMs: number;
  readonly intervalMs: number;
  readonly fanout: number;
  readonly onPeerClock: (peer: NodeId, offsetMs: number) => void;
}

export interface RoundResult {
  readonly isSame: boolean;
  readonly entries: number;
}

const FAILED: RoundResult = { isSame: false, entries: 0 };

export class AntiEntropy {
  readonly #dependencies: AntiEntropyDependencies;
  readonly #runningByPeer = new Map<NodeId, Promise<RoundResult>>();
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(dependencies: AntiEntropyDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await Promise.all(this.#runningByPeer.values());
  }

  /** A round with one peer, and what it leads to. One at a time for each peer. Never fails. */
  round(link: Link): Promise<RoundResult> {
    const running = this.#runningByPeer.get(link.nodeId);
    if (running !== undefined || this.#stopped) return running ?? Promise.resolve(FAILED);
    const result = this.#round(link)
      .catch((error: unknown) => this.#failed(link, error))
      .finally(() => this.#runningByPeer.delete(link.nodeId));
    this.#runningByPeer.set(link.nodeId, result);
    return result;
  }

  /** A peer opened a round, and does not hold the same: this node pulls, too (push-pull). */
  answerRound(link: Link, isSame: boolean): void {
    if (isSame) this.#markSame(link.nodeId);
    else if (!this.#stopped) void this.#dependencies.puller.pull(link);
  }

  /** What a message told of a peer's clock. Resolves whether anything may be taken from it (R11). */
  hearClock(link: Link, peerWallMs: number): boolean {
    const { clock, warnings, peers, maxDriftMs, onPeerClock } = this.#dependencies;
    const wallMs = clock.wallMs();
    const offsetMs = peerWallMs - wallMs;
    for (const record of peers.recordsOf(link.nodeId)) record.clockOffsetMs = offsetMs;
    onPeerClock(link.nodeId, offsetMs);
    if (Math.abs(offsetMs) <= maxDriftMs) {
      warnings.clear('CLOCK_OFFSET', link.nodeId);
      return true;
    }
    const isAhead = isPeerAhead(peerWallMs, wallMs, maxDriftMs);
    const seconds = Math.round(Math.abs(offsetMs) / 1000);
    warnings.raise(
      'CLOCK_OFFSET',
      link.nodeId,
      `The clock of node ${link.nodeId} is ${seconds} s ${isAhead ? 'ahead of' : 'behind'} this one${isAhead ? ', so nothing is taken from it' : ''}: check both machines.`,
    );
    return !isAhead;
  }

  /** A round with every peer now. */
  async syncNow(): Promise<{ peers: number; inSync: number; entries: number }> {
    const { peers, rounds } = this.#dependencies;
    await peers.attempts();
    const links = peers.links();
    const results = await Promise.all(
      links.map(async (link) => {
        const { isSame, entries } = await this.round(link);
        // What was pulled may have made both equal; what was pushed arrives by the peer's own pull.
        const after = isSame || !link.channel.isOpen ? { isSame } : await rounds.summary(link).catch(() => FAILED);
        return { isSame: after.isSame, entries };
      }),
    );
    return {
      peers: peers.records().filter(({ state }) => state !== 'self').length,
      inSync: results.filter(({ isSame }) => isSame).length,
      entries: results.reduce((sum, { entries }) => sum + entries, 0),
    };
  }

  /** Until every known peer has seen `target`, or `cancelled` says so. Rounds go on meanwhile. */
  async waitUntilSeen(target: readonly Row[], cancelled: () => boolean): Promise<boolean> {
    while (!cancelled() && !this.#stopped) {
      const { peers, clock } = this.#dependencies;
      const expected = peers.records().filter(({ state }) => state !== 'self');
      const links = peers.links();
      const seen = await Promise.all(links.map((link) => this.#hasSeen(link, target)));
      const named = new Set(links.filter((_, index) => seen[index]).map(({ nodeId }) => nodeId));
      if (expected.every(({ nodeId }) => nodeId !== undefined && named.has(nodeId))) return true;
      await new Promise<void>((resolve) => clock.after(WAIT_STEP_MS, resolve));
      // A summary that differs makes the peer pull.
      await Promise.all(links.map((link) => this.round(link)));
    }
    return false;
  }

  async #hasSeen(link: Link, target: readonly Row[]): Promise<boolean> {
    const { rounds, replica } = this.#dependencies;
    try {
      const comparison = await rounds.compare(link);
      return target.every((row) => covers(rowThere(comparison, row, replica), row));
    } catch {
      return false;
    }
  }

  async #round(link: Link): Promise<RoundResult> {
    const { rounds, peers, puller, warnings } = this.#dependencies;
    const { isSame, isSuspect, peerWallMs } = await rounds.summary(link);
    for (const record of peers.recordsOf(link.nodeId)) record.rounds++;
    const mayTake = this.hearClock(link, peerWallMs);
    if (isSuspect) {
      warnings.raise(
        'DAMAGED',
        link.nodeId,
        `This node and node ${link.nodeId} have seen the same but do not hold the same entries: one of them is damaged. Compare their exports.`,
      );
    }
    if (isSame) {
      this.#markSame(link.nodeId);
      return { isSame, entries: 0 };
    }
    if (!mayTake) return FAILED;
    const { entries } = await puller.pull(link);
    return { isSame: false, entries };
  }

  #markSame(nodeId: NodeId): void {
    const { peers, clock } = this.#dependencies;
    for (const record of peers.recordsOf(nodeId)) {
      record.inSyncAtMs = clock.monotonicMs();
      record.actorsBehind = 0;
    }
  }

  #schedule(): void {
    const { clock, random, intervalMs } = this.#dependencies;
    const delayMs = intervalMs * (1 - JITTER + 2 * JITTER * random.fraction());
    this.#cancelTimer = clock.after(delayMs, () => {
      for (const link of this.#choose()) void this.round(link);
      if (!this.#stopped) this.#schedule();
    });
  }

  /** At most `fanout` peers, each as likely as any other. */
  #choose(): Link[] {
    const { peers, random, fanout } = this.#dependencies;
    const links = peers.links();
    for (let at = 0; at < Math.min(fanout, links.length); at++) {
      const other = at + Math.floor(random.fraction() * (links.length - at));
      [links[at], links[other]] = [links[other] as Link, links[at] as Link];
    }
    return links.slice(0, fanout);
  }

  #failed(link: Link, error: unknown): RoundResult {
    const { log } = this.#dependencies;
    if (error instanceof BoatoError) log.debug({ peer: link.nodeId, error: error.message }, 'A round failed.');
    else if (error instanceof Error && error.name === 'MalformedBytes') link.channel.close(error.message);
    else log.error({ peer: link.nodeId, error: String(error) }, 'A round failed.');
    return FAILED;
  }
}

/** The peer's row: as it was listed, or as this node's own if it was not (then both are equal). */
function rowThere(comparison: Comparison, row: Row, replica: Replica): Row | undefined {
  const listed = comparison.rows.find(({ actor }) => actor === row.actor);
  if (listed !== undefined) return listed;
  return comparison.lacks.has(row.actor) ? undefined : replica.row(row.actor);
}

function covers(there: Row | undefined, target: Row): boolean {
  if (there === undefined) return false;
  return there.received >= target.received && (target.loose.count === 0 || there.received > target.received || sameEntries(there, target));
}
