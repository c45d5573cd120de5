/**
 * Messages of users that are not stored: told at once to a few peers, which pass them on, by rumor mongering with feedback and
 * counter (`hot-news.ts`). Whoever is away misses them, and nobody makes up for it.
 *
 * 1. Each run of a node hears each at most once: it knows an event by the run that began it, and its number.
 * 2. What goes beyond a limit is lost rather than kept: events of one node, those that one peer brings, and runs.
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { EVENTS_MAX, type UserEvent } from './event-codec.ts';
import { checkFeedback, FEEDBACK, type Feedback } from './feedback.ts';
import { HeardEvents } from './heard-events.ts';
import { type Hot, HotNews } from './hot-news.ts';
import type { Link } from './link.ts';
import type { Events } from './mongering-messages.ts';
import { EVENTS_SINCE } from './protocol-version.ts';
import type { RumourOptions } from './rumour-mongering.ts';
import { TokenBucket } from './token-bucket.ts';

/** Of this node, a second; as many may come at once. */
export const OWN_PER_SECOND = 100;

/** News that one peer brings, a second: those of many nodes. What is beyond is left to other peers to bring. */
export const BROUGHT_PER_SECOND = 1000;

/** Peers whose news are counted; beyond it, the first one is counted anew. */
const PEERS_MAX = 1024;

/** What an event takes beside its payload, about. */
const EVENT_BYTES = 128;

/** Where no rumours are told. */
const OPTIONS: RumourOptions = { intervalMs: 20, fanout: 3, unneededMax: 4 };

export interface EventDependencies {
  readonly nodeId: NodeId;
  /** Of this run. */
  readonly bootNonce: number;
  readonly links: () => readonly Link[];
  readonly linkTo: (peer: NodeId) => Link | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Each event once, own ones, too. Never fails. */
  readonly onEvent: (event: UserEvent) => void;
}

export class EventMongering {
  readonly #dependencies: EventDependencies;
  readonly #intervalMs: number;
  readonly #hot: HotNews<UserEvent>;
  readonly #heard = new HeardEvents();
  readonly #own: TokenBucket;
  readonly #broughtByPeer = new Map<NodeId, TokenBucket>();
  #sequence = 0;
  #cancelTelling: (() => void) | undefined;
  #isStopped = false;

  constructor(dependencies: EventDependencies, options: RumourOptions = OPTIONS) {
    const { random, clock } = dependencies;
    const { intervalMs, fanout, unneededMax } = options;
    this.#dependencies = dependencies;
    this.#intervalMs = intervalMs;
    this.#own = new TokenBucket(clock, OWN_PER_SECOND);
    this.#hot = new HotNews({
      random,
      fanout,
      unneededMax,
      itemsMax: EVENTS_MAX,
      nameOf,
      bytesOf: ({ payload }) => EVENT_BYTES + payload.length,
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTelling?.();
  }

  /** `false`: this node has told too many lately. */
  broadcast(name: string, payload: Uint8Array): boolean {
    const { nodeId, bootNonce, clock } = this.#dependencies;
    if (!hasRoom(this.#own)) return false;
    const event = { origin: nodeId, run: bootNonce, sequence: ++this.#sequence, name, payload };
    this.#heard.add(event, clock.monotonicMs());
    this.#spread(event);
    return true;
  }

  /** A peer tells. The feedback on each event. */
  hear({ nodeId }: Link, { events }: Events): Uint8Array {
    return Uint8Array.from(events.map((event) => this.#hear(event, nodeId)));
  }

  #hear(event: UserEvent, from: NodeId): Feedback {
    if (this.#isStopped) return FEEDBACK.notHeld;
    const bucket = this.#bucketOf(from);
    if (bucket.waitMs() > 0) return FEEDBACK.notHeld;
    if (!this.#heard.add(event, this.#dependencies.clock.monotonicMs())) {
      this.#hot.isKnownBy(nameOf(event), from);
      return FEEDBACK.known;
    }
    bucket.take(1);
    this.#spread(event, from);
    return FEEDBACK.news;
  }

  #bucketOf(peer: NodeId): TokenBucket {
    const known = this.#broughtByPeer.get(peer);
    if (known !== undefined) return known;
    const [first] = this.#broughtByPeer.keys();
    if (this.#broughtByPeer.size >= PEERS_MAX && first !== undefined) this.#broughtByPeer.delete(first);
    const bucket = new TokenBucket(this.#dependencies.clock, BROUGHT_PER_SECOND);
    this.#broughtByPeer.set(peer, bucket);
    return bucket;
  }

  #spread(event: UserEvent, from?: NodeId): void {
    this.#hot.add(event, from);
    // Its origin knows it, whoever told it.
    this.#hot.isKnownBy(nameOf(event), event.origin);
    this.#tellSoon();
    this.#dependencies.onEvent(event);
  }

  #tellSoon(): void {
    if (this.#isStopped || this.#hot.size === 0) return;
    const { clock, links } = this.#dependencies;
    this.#cancelTelling ??= clock.after(this.#intervalMs, () => {
      this.#cancelTelling = undefined;
      const able = links().filter(({ protocolVersion }) => protocolVersion >= EVENTS_SINCE);
      for (const [peer, hots] of this.#hot.tellings(able.map(({ nodeId }) => nodeId)))
        void this.#tell(peer, hots);
      this.#tellSoon();
    });
  }

  /** Never fails. */
  async #tell(peer: NodeId, hots: readonly Hot<UserEvent>[]): Promise<void> {
    const { linkTo, log } = this.#dependencies;
    const link = linkTo(peer);
    if (link === undefined) return;
    try {
      const reply = await link.channel.request({ type: 'events', events: hots.map(({ item }) => item) });
      if (reply.type !== 'events-reply') return;
      const answers = checkFeedback(reply.feedback, hots.length);
      for (const [at, hot] of hots.entries()) this.#hot.feedback(hot, answers[at] as Feedback);
    } catch (error) {
      if (error instanceof MalformedBytes) link.channel.closeMalformed(error.message);
      else log.debug({ peer, error: String(error) }, 'A peer did not answer to events.');
    }
  }
}

function hasRoom(bucket: TokenBucket): boolean {
  if (bucket.waitMs() > 0) return false;
  bucket.take(1);
  return true;
}

function nameOf({ origin, run, sequence }: UserEvent): string {
  return `${origin} ${run} ${sequence}`;
}
