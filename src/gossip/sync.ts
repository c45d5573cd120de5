/** What users ask for: a round with everybody now, and waiting until everybody has what this node had. */

import type { NodeId } from '../core/actor.ts';
import { dominates, type Row, unknownRow } from '../core/context.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Replica } from '../ports/replica.ts';
import type { AntiEntropy } from './anti-entropy.ts';
import type { Comparison } from './digest.ts';
import type { Link } from './link.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Peers } from './peers.ts';
import type { Rounds } from './round.ts';

/** How long a call waits for peers that are being dialled. */
const DIAL_WAIT_MS = 6000;

/** How long a round waits until the peer has pulled, too, and how often it looks. */
const PUSH_WAIT_MS = 2000;
const PUSH_LOOK_MS = 50;

/** Between two times that peers which are away are dialled because somebody waits: there may be a hundred a second who do. */
const HURRY_MS = 1000;

/** A peer that writes all the time may be through with it only the next time. */
const PULL_ATTEMPTS = 3;

/** How often `untilSeen` looks again, and all of it whether it was called off. */
const STEP_MS = 100;

export interface SyncDependencies {
  readonly replica: Replica;
  readonly peers: Peers;
  readonly rounds: Rounds;
  readonly antiEntropy: AntiEntropy;
  readonly clock: Clock;
  readonly log: Log;
  /** Never fails. */
  readonly pull: (link: Link) => Promise<unknown>;
  /** Entries that this node has received so far. */
  readonly received: () => number;
}

export interface SyncCounts {
  /** Peers that are known, whether they could be reached or not. */
  readonly peers: number;
  /** Those that had seen the same as this node at the end. */
  readonly inSync: number;
  /** Received meanwhile. */
  readonly entries: number;
}

export class Sync {
  readonly #dependencies: SyncDependencies;
  #hurriedAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(dependencies: SyncDependencies) {
    this.#dependencies = dependencies;
  }

  /** Ends what waits. */
  stop(): void {
    this.#stopped = true;
  }

  /** A round with every known peer, both ways. Ends early, with what came of it so far, when called off. */
  async now(cancelled: () => boolean): Promise<SyncCounts> {
    const { peers, received } = this.#dependencies;
    // By rounds that began earlier, too: the first one begins as a peer is connected.
    const before = received();
    const inSync = new Set<NodeId>();
    const begun = new Map<NodeId, Promise<void>>();
    const begin = (link: Link): Promise<void> =>
      this.#exchange(link, cancelled).then((isSame) => {
        if (isSame) inSync.add(link.nodeId);
      });
    const beginAll = (): void => {
      for (const link of peers.links()) if (!begun.has(link.nodeId)) begun.set(link.nodeId, begin(link));
    };
    beginAll();
    await this.#within(DIAL_WAIT_MS, cancelled, peers.dialNow());
    beginAll();
    await this.#within(Number.POSITIVE_INFINITY, cancelled, Promise.all(begun.values()));
    return { peers: knownPeers(peers.records()).length, inSync: inSync.size, entries: received() - before };
  }

  /** Begins a round with every peer, and dials those that are away; nobody waits for it. */
  hurry(): void {
    const { peers, antiEntropy, clock } = this.#dependencies;
    if (this.#stopped) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#hurriedAtMs >= HURRY_MS) {
      this.#hurriedAtMs = nowMs;
      void peers.dialNow();
    }
    for (const link of peers.links()) void antiEntropy.freshRound(link);
  }

  /** Until every known peer has seen `target`; resolves to whether it came to that, or was called off. */
  async untilSeen(target: readonly Row[], cancelled: () => boolean): Promise<boolean> {
    const { peers, antiEntropy } = this.#dependencies;
    const seenBy = new Set<NodeId>();
    while (!cancelled() && !this.#stopped) {
      const missing = peers.links().filter(({ nodeId }) => !seenBy.has(nodeId));
      const checks = missing.map(async (link) => {
        if (await this.#hasSeen(link, target)) seenBy.add(link.nodeId);
        // A round in which both differ makes the peer pull; in mode pull it does so in one of its own. Nobody waits for
        // what this node pulls in it.
        else void antiEntropy.round(link);
      });
      await this.#within(Number.POSITIVE_INFINITY, cancelled, Promise.all(checks));
      const known = knownPeers(peers.records());
      if (known.every(({ nodeId }) => nodeId !== undefined && seenBy.has(nodeId))) return true;
      await this.#pause(STEP_MS);
    }
    return false;
  }

  /** Pulls from each of these nodes now. Resolves to those from which it could not, to the end. */
  async pullFrom(nodes: readonly NodeId[]): Promise<readonly NodeId[]> {
    const { peers, antiEntropy, pull, clock } = this.#dependencies;
    const linked = (): Link[] => peers.links().filter(({ nodeId }) => nodes.includes(nodeId));
    // What was set aside comes to its end, with a snapshot that is older than this call.
    await Promise.all(linked().map((link) => antiEntropy.freshRound(link)));
    const sinceMs = clock.monotonicMs();
    const isDone = (node: NodeId): boolean =>
      peers.recordsOf(node).some(({ succeededAtMs = Number.NEGATIVE_INFINITY }) => succeededAtMs >= sinceMs);
    for (let attempt = 0; attempt < PULL_ATTEMPTS && !nodes.every(isDone); attempt++) {
      const links = linked().filter(({ nodeId }) => !isDone(nodeId));
      await Promise.all(links.map((link) => antiEntropy.freshRound(link)));
      // In mode push a round pulls nothing.
      await Promise.all(links.filter(({ nodeId }) => !isDone(nodeId)).map((link) => pull(link)));
    }
    return nodes.filter((node) => !isDone(node));
  }

  /** One round, and what the peer makes of it. */
  async #exchange(link: Link, cancelled: () => boolean): Promise<boolean> {
    const { antiEntropy, rounds, clock, log } = this.#dependencies;
    await antiEntropy.freshRound(link);
    const untilMs = clock.monotonicMs() + PUSH_WAIT_MS;
    try {
      for (;;) {
        const { isSame } = await rounds.summary(link);
        const isOver = clock.monotonicMs() >= untilMs || cancelled() || this.#stopped;
        if (isSame || isOver) return isSame;
        await this.#pause(PUSH_LOOK_MS);
      }
    } catch (error) {
      log.debug(
        { peer: link.nodeId, error: String(error) },
        'A peer could not be asked whether it is in sync.',
      );
      return false;
    }
  }

  async #hasSeen(link: Link, target: readonly Row[]): Promise<boolean> {
    const { rounds, replica, log } = this.#dependencies;
    try {
      const comparison = await rounds.compare(link);
      const rowByActor = new Map(comparison.rows.map((row) => [row.actor, row]));
      return target.every((row) => {
        const own = replica.row(row.actor) ?? row;
        const there = rowByActor.get(row.actor) ?? unlistedRow(comparison, own);
        // What this node has seen by now includes the target, also where single dots of it are covered meanwhile.
        return dominates(there, row) || dominates(there, own);
      });
    } catch (error) {
      log.debug({ peer: link.nodeId, error: String(error) }, 'A peer could not be asked what it has seen.');
      return false;
    }
  }

  /** Resolves when `work` does, which must not fail, or when it was called off, or after `ms`. */
  async #within(ms: number, cancelled: () => boolean, work: Promise<unknown>): Promise<void> {
    const { clock } = this.#dependencies;
    const untilMs = clock.monotonicMs() + ms;
    const waiting = { isOver: false, wake: (): void => {} };
    void work.then(() => {
      waiting.isOver = true;
      waiting.wake();
    });
    while (!waiting.isOver) {
      await new Promise<void>((resolve) => {
        const cancelTimer = clock.after(STEP_MS, resolve);
        waiting.wake = () => {
          cancelTimer();
          resolve();
        };
      });
      if (cancelled() || this.#stopped || clock.monotonicMs() >= untilMs) return;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#dependencies.clock.after(ms, resolve);
    });
  }
}

/** Each node once, without this one. */
function knownPeers(records: readonly PeerRecord[]): PeerRecord[] {
  const others = records.filter(({ state }) => state !== 'self');
  const byName = new Map(others.map((record) => [record.nodeId ?? record.address, record]));
  return [...byName.values()];
}

/** A row that the peer did not list is this node's own, unless it said that it has none. */
function unlistedRow({ lacks }: Comparison, own: Row): Row {
  return lacks.has(own.actor) ? unknownRow(own.actor) : own;
}
