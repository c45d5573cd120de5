/**
 * A partial view in two parts: HyParView (Leitão, Pereira and Rodrigues 2007, section 4). With the few nodes of the *active*
 * view links are kept, by both ends; so whoever is gone is noticed at once. The *passive* view knows some more, which take
 * the place of those that are gone, and is kept fresh by shuffling. What a node keeps does not grow with the cluster.
 *
 * 1. Active views are symmetrical, but for messages on their way: who takes another in says so, who drops it too.
 * 2. No node is in both views of another, and none in its own.
 * 3. A node that has nobody is taken in by whomever it asks; so no node is left alone that knows anybody alive.
 */

import type { Random } from '../ports/random.ts';
import { someOf } from './shuffled.ts';

export interface HyParViewOptions {
  /** Links that are kept: some more than a rumour's fanout. */
  readonly activeMax: number;
  readonly passiveMax: number;
  /** Steps that the news of a join goes on; after all but so many of them it also gets into passive views. */
  readonly activeWalk: number;
  readonly passiveWalk: number;
  /** Of each view, as many travel in a shuffle. */
  readonly shuffledActive: number;
  readonly shuffledPassive: number;
}

/** Figures of the paper for 10,000 nodes, section 5.1. */
export const HYPARVIEW_DEFAULTS: HyParViewOptions = {
  activeMax: 5,
  passiveMax: 30,
  activeWalk: 6,
  passiveWalk: 3,
  shuffledActive: 3,
  shuffledPassive: 4,
};

export type HyParViewMessage<Peer> =
  /** Its sender joins through whoever gets it. */
  | { readonly type: 'join' }
  /** `peer` has joined; `left` steps to go. */
  | { readonly type: 'forward-join'; readonly peer: Peer; readonly left: number }
  /** May the sender be in the active view? If it has nobody, it must. */
  | { readonly type: 'neighbour'; readonly isUrgent: boolean }
  | { readonly type: 'neighbour-reply'; readonly isAccepted: boolean }
  /** The sender has dropped whoever gets it from its active view. */
  | { readonly type: 'disconnect' }
  | {
      readonly type: 'shuffle';
      readonly origin: Peer;
      readonly left: number;
      readonly peers: readonly Peer[];
    }
  | { readonly type: 'shuffle-reply'; readonly peers: readonly Peer[] };

export interface HyParViewDependencies<Peer> {
  readonly self: Peer;
  /** The same for two descriptions of one node. */
  readonly nameOf: (peer: Peer) => string;
  readonly random: Random;
  /** Never at once: an answer comes when the call has returned. What cannot be sent is told to `failed`. */
  readonly send: (to: Peer, message: HyParViewMessage<Peer>) => void;
}

export class HyParView<Peer> {
  readonly #dependencies: HyParViewDependencies<Peer>;
  readonly #options: HyParViewOptions;
  readonly #active = new Map<string, Peer>();
  readonly #passive = new Map<string, Peer>();
  /** Passive ones that did not want this node since the last cycle. */
  readonly #declined = new Set<string>();
  /** What was offered in the last shuffle: the first to make room for what comes back. */
  #offered: readonly Peer[] = [];
  /** Asked, and has not replied. */
  #asked: string | undefined;

  constructor(dependencies: HyParViewDependencies<Peer>, options: HyParViewOptions = HYPARVIEW_DEFAULTS) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  get active(): readonly Peer[] {
    return [...this.#active.values()];
  }

  get passive(): readonly Peer[] {
    return [...this.#passive.values()];
  }

  /** Whether it is in either view. */
  has(peer: Peer): boolean {
    const name = this.#nameOf(peer);
    return this.#active.has(name) || this.#passive.has(name);
  }

  join(contact: Peer): void {
    if (this.#isSelf(contact)) return;
    this.#takeIn(contact);
    this.#dependencies.send(contact, { type: 'join' });
  }

  /** Some that were heard of elsewhere. */
  introduce(peers: readonly Peer[]): void {
    for (const peer of peers) this.#remember(peer);
    this.#mend();
  }

  /** Time for a shuffle, and to look for active ones that are lacking. */
  cycle(): void {
    this.#declined.clear();
    this.#asked = undefined;
    this.#shuffle();
    this.#mend();
  }

  /** It cannot be reached, or its link broke. */
  failed(peer: Peer): void {
    const name = this.#nameOf(peer);
    this.#active.delete(name);
    this.#passive.delete(name);
    if (this.#asked === name) this.#asked = undefined;
    this.#mend();
  }

  receive(from: Peer, message: HyParViewMessage<Peer>): void {
    switch (message.type) {
      case 'join':
        return this.#welcome(from);
      case 'forward-join':
        return this.#forwardJoin(from, message.peer, message.left);
      case 'neighbour':
        return this.#consider(from, message.isUrgent);
      case 'neighbour-reply':
        return this.#hearReply(from, message.isAccepted);
      case 'disconnect':
        return this.#hearDisconnect(from);
      case 'shuffle':
        return this.#hearShuffle(from, message);
      case 'shuffle-reply':
        return this.#learn(message.peers, this.#offered);
    }
  }

  #welcome(newcomer: Peer): void {
    this.#takeIn(newcomer);
    const message = { type: 'forward-join', peer: newcomer, left: this.#options.activeWalk } as const;
    for (const peer of this.#activeBut(newcomer)) this.#dependencies.send(peer, message);
  }

  #forwardJoin(from: Peer, peer: Peer, left: number): void {
    if (this.#isSelf(peer)) return;
    if (left === this.#options.passiveWalk) this.#remember(peer);
    const next = left > 0 ? this.#oneOf(this.#activeBut(from, peer)) : undefined;
    if (next !== undefined)
      return this.#dependencies.send(next, { type: 'forward-join', peer, left: left - 1 });
    if (this.#active.has(this.#nameOf(peer))) return;
    this.#takeIn(peer);
    this.#dependencies.send(peer, { type: 'neighbour', isUrgent: true });
  }

  #consider(peer: Peer, isUrgent: boolean): void {
    const isAccepted =
      isUrgent || this.#active.has(this.#nameOf(peer)) || this.#active.size < this.#options.activeMax;
    if (isAccepted) this.#takeIn(peer);
    this.#dependencies.send(peer, { type: 'neighbour-reply', isAccepted });
  }

  #hearReply(peer: Peer, isAccepted: boolean): void {
    const name = this.#nameOf(peer);
    if (this.#asked === name) this.#asked = undefined;
    if (isAccepted) this.#takeIn(peer);
    else this.#declined.add(name);
    this.#mend();
  }

  /** Not asked at once again: it would have to drop another one for it, who would ask next, and so on for ever. */
  #hearDisconnect(peer: Peer): void {
    const name = this.#nameOf(peer);
    if (this.#active.delete(name)) this.#remember(peer);
    this.#declined.add(name);
    this.#mend();
  }

  /** Asks one passive node at a time, until the active view is full, or all have been asked in this cycle. */
  #mend(): void {
    if (this.#asked !== undefined || this.#active.size >= this.#options.activeMax) return;
    const candidate = this.#oneOf([...this.#passive.keys()].filter((name) => !this.#declined.has(name)));
    if (candidate === undefined) return;
    this.#asked = candidate;
    const message = { type: 'neighbour', isUrgent: this.#active.size === 0 } as const;
    this.#dependencies.send(this.#passive.get(candidate) as Peer, message);
  }

  #shuffle(): void {
    const { shuffledActive, shuffledPassive, activeWalk } = this.#options;
    const { self: origin, random } = this.#dependencies;
    const to = this.#oneOf(this.active);
    if (to === undefined) return;
    this.#offered = [
      ...someOf(this.active, shuffledActive, random),
      ...someOf(this.passive, shuffledPassive, random),
    ];
    this.#dependencies.send(to, { type: 'shuffle', origin, left: activeWalk, peers: this.#offered });
  }

  #hearShuffle(
    from: Peer,
    { origin, left, peers }: Extract<HyParViewMessage<Peer>, { readonly type: 'shuffle' }>,
  ): void {
    const next = left > 1 ? this.#oneOf(this.#activeBut(from, origin)) : undefined;
    if (next !== undefined)
      return this.#dependencies.send(next, { type: 'shuffle', origin, left: left - 1, peers });
    if (this.#isSelf(origin)) return;
    const count = Math.min(peers.length + 1, this.#exchangedMax);
    const given = someOf(this.passive, count, this.#dependencies.random);
    this.#dependencies.send(origin, { type: 'shuffle-reply', peers: given });
    this.#learn([origin, ...peers], given);
  }

  /** No more than a shuffle brings; `handedOn` make room first. */
  #learn(peers: readonly Peer[], handedOn: readonly Peer[]): void {
    const replaceable = handedOn.map((peer) => this.#nameOf(peer));
    for (const peer of peers.slice(0, this.#exchangedMax)) this.#remember(peer, replaceable);
  }

  /** What one end of a shuffle gives the other at most: its origin is one of them. */
  get #exchangedMax(): number {
    return 1 + this.#options.shuffledActive + this.#options.shuffledPassive;
  }

  #remember(peer: Peer, replaceable: string[] = []): void {
    const name = this.#nameOf(peer);
    if (this.#isSelf(peer) || this.has(peer)) return;
    while (this.#passive.size >= this.#options.passiveMax) {
      const leaving = replaceable.pop() ?? this.#oneOf([...this.#passive.keys()]);
      if (leaving !== undefined) this.#passive.delete(leaving);
    }
    this.#passive.set(name, peer);
  }

  /** Drops a random one if there is no room. */
  #takeIn(peer: Peer): void {
    const name = this.#nameOf(peer);
    if (this.#isSelf(peer) || this.#active.has(name)) return;
    while (this.#active.size >= this.#options.activeMax) this.#drop(this.#oneOf(this.active) as Peer);
    this.#passive.delete(name);
    this.#active.set(name, peer);
  }

  #drop(peer: Peer): void {
    this.#active.delete(this.#nameOf(peer));
    this.#remember(peer);
    this.#dependencies.send(peer, { type: 'disconnect' });
  }

  #activeBut(...but: readonly Peer[]): readonly Peer[] {
    const names = new Set(but.map((peer) => this.#nameOf(peer)));
    return this.active.filter((peer) => !names.has(this.#nameOf(peer)));
  }

  #isSelf(peer: Peer): boolean {
    return this.#nameOf(peer) === this.#nameOf(this.#dependencies.self);
  }

  #nameOf(peer: Peer): string {
    return this.#dependencies.nameOf(peer);
  }

  #oneOf<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#dependencies.random.fraction() * items.length)];
  }
}
