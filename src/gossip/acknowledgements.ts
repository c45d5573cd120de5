/**
 * Which peers hold an own write: write concern, as Riak's `dw` and MongoDB's `w` with `j` know it. Peers are counted that
 * said so themselves, and a peer says so only of what is on its disk.
 *
 * 1. The feedback on rumours says it without any message of its own.
 * 2. Peers that rumours do not reach are asked, all writes that wait with one mention; who lacks them pulls, and is asked
 *    once more when its session is over.
 * 3. A peer that still lacks what it was asked for is asked for just that again, not for what was written since: so a write
 *    is never overtaken by those behind it.
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { checkFeedback, FEEDBACK } from './feedback.ts';
import { HeldWrites, type HeldWait } from './held-writes.ts';
import type { Link } from './link.ts';
import { DURABLE_MENTIONS_SINCE } from './protocol-version.ts';
import type { RumourOptions } from './rumour-mongering.ts';
import { type Mention, packNews } from './rumour-codec.ts';

/** A peer that could not answer, or not pull, is asked again. */
const RETRY_MS = 1000;

/** Rumours are told again and again, to others each time: most peers have answered by then. */
const DELAY_INTERVALS = 5;

/** Where no rumours are told. */
const DELAY_MS = 20;

export interface AcknowledgementDependencies {
  readonly links: () => readonly Link[];
  readonly linkTo: (peer: NodeId) => Link | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** How long writes gather, and rumours have time to be answered, before peers are asked. */
  readonly delayMs: number;
}

interface Asked {
  readonly mentions: readonly Mention[];
  /** After a session; the next time when `RETRY_MS` are over. */
  readonly isAgain: boolean;
}

export class Acknowledgements {
  readonly #dependencies: AcknowledgementDependencies;
  readonly #held = new HeldWrites();
  /** What peers were asked, and have not said that they hold. */
  readonly #askedByPeer = new Map<NodeId, Asked>();
  readonly #ends = new Set<() => void>();
  #cancelAsking: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(dependencies: AcknowledgementDependencies) {
    this.#dependencies = dependencies;
  }

  /** Ends what waits. */
  stop(): void {
    this.#isStopped = true;
    for (const end of this.#ends) end();
  }

  /** Resolves with how many peers hold the write: `count` of them, or fewer when the time is over, or all is stopped. */
  untilHeld(write: Mention, count: number, timeoutMs: number): Promise<number> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancelTimer();
        this.#ends.delete(end);
        this.#end(wait);
        resolve(wait.heldBy);
      };
      const wait = this.#held.wait(write, count, end);
      const cancelTimer = this.#dependencies.clock.after(timeoutMs, end);
      this.#ends.add(end);
      if (wait.heldBy >= count || this.#isStopped) end();
      else this.#askSoon();
    });
  }

  /** A peer said that all of the actor's writes up to this one are on its disk. */
  heard(peer: NodeId, write: Mention): void {
    this.#held.heard(peer, write);
  }

  /** A session in which the peer pulled from this node is over. */
  pulled(peer: NodeId): void {
    const asked = this.#askedByPeer.get(peer);
    const link = this.#held.isAwaited ? this.#dependencies.linkTo(peer) : undefined;
    if (link === undefined || asked?.isAgain === true) return;
    if (asked === undefined) this.#askForNewest(link);
    else void this.#ask(link, { mentions: asked.mentions, isAgain: true });
  }

  connected(peer: NodeId): void {
    this.#askedByPeer.delete(peer);
    if (this.#held.isAwaited) this.#askSoon();
  }

  #end(wait: HeldWait): void {
    this.#held.end(wait);
    if (this.#held.isAwaited) return;
    this.#askedByPeer.clear();
    this.#cancelAsking?.();
    this.#cancelRetry?.();
    this.#cancelAsking = undefined;
    this.#cancelRetry = undefined;
  }

  #askSoon(): void {
    const { clock, links, delayMs } = this.#dependencies;
    this.#cancelAsking ??= clock.after(delayMs, () => {
      this.#cancelAsking = undefined;
      for (const link of links()) if (!this.#askedByPeer.has(link.nodeId)) this.#askForNewest(link);
      this.#retryLater();
    });
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#dependencies.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      for (const link of this.#dependencies.links()) {
        const asked = this.#askedByPeer.get(link.nodeId);
        if (asked === undefined) this.#askForNewest(link);
        else void this.#ask(link, { mentions: asked.mentions, isAgain: false });
      }
      this.#retryLater();
    });
  }

  #askForNewest(link: Link): void {
    const mentions = this.#held.lackedBy(link.nodeId);
    if (mentions.length > 0) void this.#ask(link, { mentions, isAgain: false });
  }

  /** Never fails. */
  async #ask(link: Link, asked: Asked): Promise<void> {
    const { clock, log } = this.#dependencies;
    const { nodeId: peer, channel } = link;
    const { mentions } = asked;
    if (link.protocolVersion < DURABLE_MENTIONS_SINCE) return;
    this.#askedByPeer.set(peer, asked);
    try {
      const news = packNews({ rumours: [], mentions });
      const reply = await channel.request({ type: 'rumours', ...news, wallMs: clock.wallMs() });
      if (reply.type !== 'rumours-reply') return;
      const answers = checkFeedback(reply.feedback, mentions.length);
      for (const [at, mention] of mentions.entries())
        if (answers[at] === FEEDBACK.known) this.#held.heard(peer, mention);
      if (answers.some((answer) => answer !== FEEDBACK.known)) return;
      this.#askedByPeer.delete(peer);
      if (this.#held.lackedBy(peer).length > 0) this.#askSoon();
    } catch (error) {
      if (error instanceof MalformedBytes) channel.closeMalformed(error.message);
      else log.debug({ peer, error: String(error) }, 'A peer did not say whether it holds a write.');
    }
  }
}

/** How long to wait before peers are asked. */
export function askDelayMs(rumours: RumourOptions | undefined): number {
  return rumours === undefined ? DELAY_MS : DELAY_INTERVALS * rumours.intervalMs;
}
