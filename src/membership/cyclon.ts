/**
 * A bounded partial view of a cluster that stays random by shuffling: enhanced Cyclon (Voulgaris, Gavidia and van Steen 2005,
 * section 3). Each node knows a few others; with the one it has known for longest it exchanges some of them. One that does
 * not answer is out of the view already. So links stay spread evenly, and those to nodes that are gone die out.
 */

import type { Random } from '../ports/random.ts';
import { someOf } from './shuffled.ts';

export interface CyclonOptions {
  /** Neighbours at most, the paper's c. */
  readonly viewSize: number;
  /** Of them, as many as travel in a shuffle at most, the paper's l; 1 up to `viewSize`. */
  readonly shuffleLength: number;
}

/** Figures of the paper, section 5: views of 20, of which 8 travel. */
const CYCLON_DEFAULTS: CyclonOptions = { viewSize: 20, shuffleLength: 8 };

/** A node that is known: what is needed to reach it, and for how many shuffles it has been known. */
export interface Neighbour<Peer> {
  readonly peer: Peer;
  readonly age: number;
}

/** A shuffle that this node has begun: with whom, and what it offers. */
export interface Shuffle<Peer> {
  readonly with: Peer;
  readonly offered: readonly Neighbour<Peer>[];
}

export interface CyclonDependencies<Peer> {
  readonly self: Peer;
  /** The same for two descriptions of one node. */
  readonly nameOf: (peer: Peer) => string;
  readonly random: Random;
}

export class Cyclon<Peer> {
  readonly #dependencies: CyclonDependencies<Peer>;
  readonly #options: CyclonOptions;
  readonly #neighbourByName = new Map<string, Neighbour<Peer>>();

  constructor(dependencies: CyclonDependencies<Peer>, options: CyclonOptions = CYCLON_DEFAULTS) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** In no particular order; never this node itself. */
  get neighbours(): readonly Neighbour<Peer>[] {
    return [...this.#neighbourByName.values()];
  }

  /** One that was heard of elsewhere, if there is room. */
  introduce(peer: Peer): void {
    this.#add({ peer, age: 0 }, new Set());
  }

  forget(peer: Peer): void {
    this.#neighbourByName.delete(this.#dependencies.nameOf(peer));
  }

  /**
   * Begins one: all neighbours grow older, and the oldest leaves the view. It comes back by itself if it is alive, since
   * others know it. `undefined` without neighbours.
   */
  begin(): Shuffle<Peer> | undefined {
    for (const [name, { peer, age }] of this.#neighbourByName)
      this.#neighbourByName.set(name, { peer, age: age + 1 });
    const oldest = this.#oldest();
    if (oldest === undefined) return undefined;
    this.forget(oldest.peer);
    const others = someOf(this.neighbours, this.#options.shuffleLength - 1, this.#dependencies.random);
    return { with: oldest.peer, offered: [{ peer: this.#dependencies.self, age: 0 }, ...others] };
  }

  /** Another has begun one, and offers this. What it is given; it may be named there itself. */
  answer(offered: readonly Neighbour<Peer>[]): readonly Neighbour<Peer>[] {
    const given = someOf(this.neighbours, this.#options.shuffleLength, this.#dependencies.random);
    this.#take(offered, given);
    return given;
  }

  /** The other has answered to what this node has begun. */
  complete({ offered }: Shuffle<Peer>, given: readonly Neighbour<Peer>[]): void {
    this.#take(given, offered);
  }

  /** Fills empty places first, then those of what was handed on. What is known already keeps its place. */
  #take(received: readonly Neighbour<Peer>[], handedOn: readonly Neighbour<Peer>[]): void {
    const { nameOf } = this.#dependencies;
    const replaceable = new Set(handedOn.map(({ peer }) => nameOf(peer)));
    for (const neighbour of received.slice(0, this.#options.shuffleLength)) this.#add(neighbour, replaceable);
  }

  #add(neighbour: Neighbour<Peer>, replaceable: Set<string>): void {
    const { nameOf, self } = this.#dependencies;
    const name = nameOf(neighbour.peer);
    if (name === nameOf(self) || this.#neighbourByName.has(name)) return;
    if (this.#neighbourByName.size >= this.#options.viewSize && !this.#makeRoom(replaceable)) return;
    this.#neighbourByName.set(name, neighbour);
  }

  #makeRoom(replaceable: Set<string>): boolean {
    for (const name of replaceable) {
      replaceable.delete(name);
      if (this.#neighbourByName.delete(name)) return true;
    }
    return false;
  }

  #oldest(): Neighbour<Peer> | undefined {
    let oldest: Neighbour<Peer> | undefined;
    for (const neighbour of this.#neighbourByName.values())
      if (oldest === undefined || neighbour.age > oldest.age) oldest = neighbour;
    return oldest;
  }
}
