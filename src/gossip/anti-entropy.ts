/** Rounds of anti-entropy (Demers et al. 1987, section 1.3) with a few random peers, again and again. */

import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import { someOf } from '../membership/shuffled.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Replica } from '../ports/replica.ts';
import { nothingUnseen } from './lag.ts';
import type { Link } from './link.ts';
import type { Summary } from './round-messages.ts';
import { type GossipMode, pullsInOwnRounds, pullsInRoundsOfPeers } from './mode.ts';
import type { PeerClocks } from './peer-clocks.ts';
import type { Peers } from './peers.ts';
import type { Puller } from './puller.ts';
import type { Rounds, SummaryOutcome } from './round.ts';
import type { Warnings } from './warnings.ts';

/** Each pause between rounds is drawn from the interval and a fifth of it to either side. */
const JITTER = 0.2;

export interface AntiEntropyDependencies {
  readonly replica: Replica;
  readonly peers: Peers;
  readonly peerClocks: PeerClocks;
  readonly rounds: Rounds;
  readonly puller: Puller;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly warnings: Warnings;
  /** A round found that a peer has seen, and holds, the same: there is nothing that a session would bring. */
  readonly onWhole: (peer: NodeId) => void;
  readonly mode: GossipMode;
  readonly intervalMs: number;
  readonly fanout: number;
}

export class AntiEntropy {
  readonly #dependencies: AntiEntropyDependencies;
  readonly #runningByPeer = new Map<NodeId, Promise<void>>();
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(dependencies: AntiEntropyDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { clock, random, intervalMs } = this.#dependencies;
    const delayMs = intervalMs * (1 - JITTER + 2 * JITTER * random.fraction());
    this.#cancelTimer = clock.after(delayMs, () => {
      for (const link of this.#choose()) void this.round(link);
      void this.#dependencies.puller.dropSetAside();
      this.start();
    });
  }

  /** Begins no round more; resolves when none runs. Closed channels end those that do. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await Promise.all(this.#runningByPeer.values());
  }

  /** Compares with one random peer, though nothing may seem to differ (R8). Never fails. */
  async audit(): Promise<void> {
    const [link] = this.#choose();
    if (link !== undefined && !this.#stopped) await this.#dependencies.puller.compare(link);
  }

  /** A round with one peer, and what it leads to; the one that runs, if there is one. Never fails. */
  round(link: Link): Promise<void> {
    const running = this.#runningByPeer.get(link.nodeId);
    if (running !== undefined || this.#stopped) return running ?? Promise.resolve();
    const result = this.#round(link)
      .catch((error: unknown) => this.#failed(link, error))
      .finally(() => this.#runningByPeer.delete(link.nodeId));
    this.#runningByPeer.set(link.nodeId, result);
    return result;
  }

  /** A round that begins after now. Never fails. */
  async freshRound(link: Link): Promise<void> {
    await this.#runningByPeer.get(link.nodeId);
    return this.round(link);
  }

  /** A peer opened a round: if it does not hold the same, this node may pull. */
  answerRound(link: Link, { wallMs }: Summary, isSame: boolean): void {
    const { puller, peerClocks, mode } = this.#dependencies;
    const mayTake = peerClocks.hear(link.nodeId, wallMs);
    if (isSame) this.#markSame(link.nodeId);
    else if (mayTake && pullsInRoundsOfPeers(mode) && !this.#stopped) void puller.pull(link);
  }

  async #round(link: Link): Promise<void> {
    const { replica, rounds, peers, peerClocks, puller, mode } = this.#dependencies;
    const outcome = await rounds.summary(link);
    const { isSame, peerWallMs } = outcome;
    for (const record of peers.recordsOf(link.nodeId)) record.rounds++;
    const mayTake = peerClocks.hear(link.nodeId, peerWallMs);
    this.#tellDamage(link.nodeId, outcome);
    if (outcome.isWhole && mayTake) this.#dependencies.onWhole(link.nodeId);
    if (outcome.isSuspect && mayTake) await puller.compare(link);
    if (isSame) this.#markSame(link.nodeId);
    // What was set aside is brought to its end even if nothing differs any more.
    const wants = isSame ? (await replica.storedSession(link.nodeId)) !== undefined : pullsInOwnRounds(mode);
    if (mayTake && wants) await puller.pull(link);
  }

  #markSame(nodeId: NodeId): void {
    const { peers, clock } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    for (const record of peers.recordsOf(nodeId)) {
      record.inSyncAtMs = nowMs;
      record.succeededAtMs = nowMs;
      record.lastWord = nothingUnseen(nowMs);
    }
  }

  #tellDamage(peer: NodeId, { isWhole, isDamage }: SummaryOutcome): void {
    const { warnings } = this.#dependencies;
    if (isWhole) warnings.clear('DAMAGED', peer);
    if (!isDamage) return;
    warnings.raise(
      'DAMAGED',
      peer,
      `This node and node ${peer} have seen the same writes but do not hold the same entries: the disk of one of them is damaged. They compare, to find which.`,
    );
  }

  #choose(): readonly Link[] {
    const { peers, random, fanout } = this.#dependencies;
    return someOf(peers.links(), fanout, random);
  }

  #failed(link: Link, error: unknown): void {
    const { log } = this.#dependencies;
    const peer = link.nodeId;
    if (error instanceof BoatoError) log.debug({ peer, error: error.message }, 'A round failed.');
    else log.error({ peer, error: String(error) }, 'A round failed.');
  }
}
