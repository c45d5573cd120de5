/**
 * Rumor mongering (Demers et al. 1987, section 1.4): own writes, and what is news from others, go at once to a few peers,
 * which pass them on. A faster path, and nothing more: losing every rumour costs latency only.
 *
 * 1. Told to peers is only what is on disk here.
 * 2. What leaves a gap is held until what is missing comes, for as long as news take to arrive from elsewhere; past that
 *    its teller is pulled from (R10).
 * 3. Nothing is taken from a peer whose clock is too far ahead (R11).
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { Limits } from '../core/limits.ts';
import { knownRow } from '../core/retirement.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Replica, Rumour } from '../ports/replica.ts';
import { checkFeedback, FEEDBACK, type Feedback } from './feedback.ts';
import { HeldRumours } from './held-rumours.ts';
import { HotRumours, type Telling } from './hot-rumours.ts';
import type { Link } from './link.ts';
import type { Rumours } from './mongering-messages.ts';
import { type Mention, type News, openingOf, packNews, unpackNews } from './rumour-codec.ts';
import { ServingFailure } from './serving-failure.ts';

/** News are held for so many intervals. */
const HELD_INTERVALS = 5;

export interface RumourOptions {
  /** Between two tellings. */
  readonly intervalMs: number;
  readonly fanout: number;
  /** Demers' k: so many peers in a row that know a rumour end it. */
  readonly unneededMax: number;
}

/** News are held all the same. */
const SILENT: RumourOptions = { intervalMs: 20, fanout: 0, unneededMax: 0 };

export interface RumourDependencies {
  readonly replica: Replica;
  readonly links: () => readonly Link[];
  readonly linkTo: (peer: NodeId) => Link | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: Limits;
  /** Whether anything may be taken from a peer whose clock shows this. */
  readonly mayTake: (peer: NodeId, wallMs: number) => boolean;
  readonly pull: (link: Link) => void;
  /** A peer said that all of the actor's writes up to this one are on its disk. */
  readonly onHeld: (peer: NodeId, write: Mention) => void;
}

export interface RumourCounts {
  /** Batches sent to peers, and how many of them they knew already. */
  told: number;
  unneeded: number;
  /** Batches that came, and were news. */
  heard: number;
}

export class RumourMongering {
  readonly isOn: boolean;
  readonly counts: RumourCounts = { told: 0, unneeded: 0, heard: 0 };
  readonly #dependencies: RumourDependencies;
  readonly #intervalMs: number;
  readonly #hot: HotRumours;
  readonly #held = new HeldRumours();
  #cancelTelling: (() => void) | undefined;
  #cancelHeld: (() => void) | undefined;
  #stopped = false;

  /** `options`: absent, nothing is told, or passed on. */
  constructor(dependencies: RumourDependencies, options: RumourOptions | undefined) {
    const { intervalMs, fanout, unneededMax } = options ?? SILENT;
    this.#dependencies = dependencies;
    this.isOn = options !== undefined;
    this.#intervalMs = intervalMs;
    this.#hot = new HotRumours(dependencies.random, fanout, unneededMax);
  }

  start(): void {
    if (!this.isOn) return;
    this.#dependencies.replica.onWritten((rumour) => this.#spread(rumour));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTelling?.();
    this.#cancelHeld?.();
  }

  /** A peer tells. The feedback on each rumour and mention. */
  async hear(link: Link, message: Rumours): Promise<Uint8Array> {
    const { replica, mayTake } = this.#dependencies;
    const { rumours, mentions } = this.#unpacked(link, message);
    // What cannot be taken now need not be told again: the next pull brings it.
    const isTaken =
      !this.#stopped && replica.notTaking() === undefined && mayTake(link.nodeId, message.wallMs);
    if (!isTaken) return new Uint8Array(rumours.length + mentions.length).fill(FEEDBACK.notHeld);
    const heard = await Promise.all(rumours.map((rumour) => this.#hear(rumour, link.nodeId)));
    const mentioned = mentions.map((mention) => this.#isSeen(mention));
    if (mentioned.includes(false)) this.#dependencies.pull(link);
    // What was seen may still be on its way to disk.
    if (mentioned.includes(true)) await replica.written();
    return Uint8Array.from([
      ...heard,
      ...mentioned.map((isSeen) => (isSeen ? FEEDBACK.known : FEEDBACK.notHeld)),
    ]);
  }

  #unpacked(link: Link, message: Rumours): News {
    try {
      return unpackNews(message, this.#dependencies.limits);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      link.channel.closeMalformed(error.message);
      throw new ServingFailure('invalid', error.message);
    }
  }

  async #hear(rumour: Rumour, from: NodeId): Promise<Feedback> {
    const outcome = await this.#dependencies.replica.applyRumour(rumour, from);
    switch (outcome) {
      case 'applied':
        this.counts.heard++;
        this.#spread(rumour, from);
        await this.#hearHeld(rumour);
        return FEEDBACK.news;
      case 'known':
        this.#hot.isKnownBy(rumour, from);
        return FEEDBACK.known;
      case 'gap':
        this.#hold(rumour, from);
        return FEEDBACK.notHeld;
      case 'refused':
      case 'busy':
        return FEEDBACK.notHeld;
    }
  }

  /** What waited for `rumour`. */
  async #hearHeld(rumour: Rumour): Promise<void> {
    for (const held of this.#held.take(openingOf(rumour).actor)) await this.#hear(held.rumour, held.from);
  }

  #hold(rumour: Rumour, from: NodeId): void {
    const { clock } = this.#dependencies;
    if (!this.#held.add({ rumour, from })) return this.#pullFrom(from);
    this.#cancelHeld ??= clock.after(HELD_INTERVALS * this.#intervalMs, () => {
      this.#cancelHeld = undefined;
      for (const teller of this.#held.clear()) this.#pullFrom(teller);
    });
  }

  #pullFrom(peer: NodeId): void {
    const link = this.#dependencies.linkTo(peer);
    if (link !== undefined && !this.#stopped) this.#dependencies.pull(link);
  }

  #isSeen({ actor, version }: Mention): boolean {
    return knownRow(actor, (one) => this.#dependencies.replica.row(one)).received >= version;
  }

  #spread(rumour: Rumour, from?: NodeId): void {
    if (!this.isOn) return;
    this.#hot.add(rumour, from);
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#stopped || this.#hot.size === 0) return;
    this.#cancelTelling ??= this.#dependencies.clock.after(this.#intervalMs, () => {
      this.#cancelTelling = undefined;
      const peers = this.#dependencies.links().map(({ nodeId }) => nodeId);
      for (const telling of this.#hot.tellings(peers)) void this.#tell(telling);
      this.#tellSoon();
    });
  }

  /** Never fails. */
  async #tell(telling: Telling): Promise<void> {
    const { linkTo, clock, log } = this.#dependencies;
    const { peer, news, subjects } = telling;
    const link = linkTo(peer);
    if (link === undefined) return;
    this.counts.told += subjects.length;
    try {
      const reply = await link.channel.request({
        type: 'rumours',
        ...packNews(news),
        wallMs: clock.wallMs(),
      });
      if (reply.type !== 'rumours-reply') return;
      const answers = checkFeedback(reply.feedback, subjects.length);
      this.counts.unneeded += answers.filter((answer) => answer === FEEDBACK.known).length;
      this.#hot.feedback(telling, answers);
      for (const [at, rumour] of news.rumours.entries())
        if (answers[at] !== FEEDBACK.notHeld) this.#dependencies.onHeld(peer, upTo(rumour));
    } catch (error) {
      if (error instanceof MalformedBytes) link.channel.closeMalformed(error.message);
      else log.debug({ peer, error: String(error) }, 'A peer did not answer to rumours.');
    }
  }
}

function upTo(rumour: Rumour): Mention {
  const { actor, last } = openingOf(rumour);
  return { actor, version: last };
}
