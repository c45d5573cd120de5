/**
 * What is news here, and who is told of it next: rumor mongering by push, with feedback and a counter (Demers et al. 1987,
 * section 1.4). A piece of news loses interest once `k` peers in a row knew it already, or all have it.
 */

import type { NodeId } from '../core/actor.ts';
import { someOf } from '../membership/shuffled.ts';
import type { Random } from '../ports/random.ts';
import { FEEDBACK, type Feedback } from './feedback.ts';

/** News at once; what comes beyond is not passed on from here. */
const HOT_MAX = 1024;

/** Told to one peer at once; the rest waits for the next time. */
const TELLING_BYTES_MAX = 64 * 1024;

/** A class for the sake of V8: `core/young.ts`. */
export class Hot<Item> {
  readonly item: Item;
  readonly knownBy: Set<NodeId> = new Set();
  /** Peers in a row that knew it. */
  unneeded = 0;

  constructor(item: Item) {
    this.item = item;
  }
}

export interface HotNewsOptions<Item> {
  readonly random: Random;
  /** Peers that are told each time. */
  readonly fanout: number;
  /** Demers' k. */
  readonly unneededMax: number;
  /** Told to one peer at once. */
  readonly itemsMax: number;
  /** Unique. */
  readonly nameOf: (item: Item) => string;
  /** As it is told, about. */
  readonly bytesOf: (item: Item) => number;
}

export class HotNews<Item> {
  readonly #options: HotNewsOptions<Item>;
  readonly #hotByName = new Map<string, Hot<Item>>();

  constructor(options: HotNewsOptions<Item>) {
    this.#options = options;
  }

  get size(): number {
    return this.#hotByName.size;
  }

  /** `from`: the peer that told it; absent for what began here. */
  add(item: Item, from?: NodeId): void {
    if (this.#hotByName.size >= HOT_MAX) return;
    const name = this.#options.nameOf(item);
    const hot = this.#hotByName.get(name) ?? new Hot(item);
    if (from !== undefined) hot.knownBy.add(from);
    this.#hotByName.set(name, hot);
  }

  /** A peer told what is known here: it need not be told. `name`: as `nameOf` makes it. */
  isKnownBy(name: string, peer: NodeId): void {
    this.#hotByName.get(name)?.knownBy.add(peer);
  }

  /** All that is news to a few random ones of `peers`. They count as told from now on: what is lost is lost. */
  tellings(peers: readonly NodeId[]): ReadonlyMap<NodeId, readonly Hot<Item>[]> {
    const { bytesOf, itemsMax, random, fanout } = this.#options;
    const hotByPeer = new Map<NodeId, Hot<Item>[]>();
    const bytesByPeer = new Map<NodeId, number>();
    for (const [name, hot] of this.#hotByName) {
      const candidates = peers.filter((peer) => !hot.knownBy.has(peer));
      if (candidates.length === 0) this.#hotByName.delete(name);
      for (const peer of someOf(candidates, fanout, random)) {
        const bytes = (bytesByPeer.get(peer) ?? 0) + bytesOf(hot.item);
        const told = hotByPeer.get(peer) ?? [];
        if (bytes > TELLING_BYTES_MAX || told.length >= itemsMax) continue;
        bytesByPeer.set(peer, bytes);
        hotByPeer.set(peer, told);
        told.push(hot);
        hot.knownBy.add(peer);
      }
    }
    return hotByPeer;
  }

  /** What a peer answered. What it could not take says nothing of how well known it is. */
  feedback(hot: Hot<Item>, answer: Feedback): void {
    if (answer === FEEDBACK.notHeld) return;
    hot.unneeded = answer === FEEDBACK.known ? hot.unneeded + 1 : 0;
    if (hot.unneeded >= this.#options.unneededMax) this.#hotByName.delete(this.#options.nameOf(hot.item));
  }
}
