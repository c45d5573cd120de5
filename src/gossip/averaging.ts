/**
 * One node's part in one epoch of push-pull averaging (Jelasity et al. 2005), with masses as in push-sum (Kempe et al. 2003).
 *
 * 1. The asker says what it holds; whoever is asked moves half of the difference, and replies what was moved. Only
 *    differences are applied, so either side may exchange with others meanwhile.
 * 2. Whether a reply arrived is told by the next request to the same peer: it names the last exchange that was applied. If
 *    that is not the last one that the peer served, the peer takes back what it had moved. So no mass is lost or made by
 *    lost replies, but for the last one between two nodes.
 * 3. Hence a reply that was given up is never applied, and whoever did not answer is asked again first.
 */

import type { NodeId } from '../core/actor.ts';
import { extremesOf, type Mass, plus, scaled, type Share, transfer } from './aggregate.ts';

/** What the asker says. */
export interface Offer {
  /** Of the exchange between the two nodes: 1 and up. */
  readonly number: number;
  /** The last one whose reply was applied; 0 for none. */
  readonly applied: number;
  readonly share: Share;
}

interface Asked {
  number: number;
  applied: number;
  isUnderWay: boolean;
  /** A reply was lost: what it moved is to be put back, or was never moved. */
  isUnsure: boolean;
}

interface Served {
  readonly number: number;
  readonly moved: Mass;
}

export class Averaging {
  readonly #askedByPeer = new Map<NodeId, Asked>();
  readonly #servedByPeer = new Map<NodeId, Served>();
  #share: Share;

  constructor(share: Share) {
    this.#share = share;
  }

  get share(): Share {
    return this.#share;
  }

  /** Those of `peers` that can be asked now; if any left the last request without a reply, only these. */
  candidates(peers: readonly NodeId[]): readonly NodeId[] {
    const free = peers.filter((peer) => this.#askedByPeer.get(peer)?.isUnderWay !== true);
    const unsure = free.filter((peer) => this.#askedByPeer.get(peer)?.isUnsure === true);
    return unsure.length > 0 ? unsure : free;
  }

  /** Begins an exchange with `peer`, with which none is under way. */
  ask(peer: NodeId): Offer {
    const asked = this.#askedByPeer.get(peer) ?? {
      number: 0,
      applied: 0,
      isUnderWay: false,
      isUnsure: false,
    };
    this.#askedByPeer.set(peer, asked);
    asked.number++;
    asked.isUnderWay = true;
    return { number: asked.number, applied: asked.applied, share: this.#share };
  }

  /** The reply of `peer`; without a share nothing moved, and it need not be asked again sooner than others. */
  settle(peer: NodeId, reply: Share | undefined): void {
    const asked = this.#askedByPeer.get(peer);
    if (asked?.isUnderWay !== true) return;
    asked.isUnderWay = false;
    if (reply === undefined) return;
    asked.isUnsure = false;
    asked.applied = asked.number;
    this.#gain(reply);
    this.#share = { ...this.#share, ...extremesOf(this.#share, reply) };
  }

  /** No reply of `peer` came. */
  lost(peer: NodeId): void {
    const asked = this.#askedByPeer.get(peer);
    if (asked?.isUnderWay !== true) return;
    asked.isUnderWay = false;
    asked.isUnsure = true;
  }

  /** What moves to `peer`, with the extremes known here; `undefined` if a later exchange was served already. */
  serve(peer: NodeId, { number, applied, share }: Offer): Share | undefined {
    const last = this.#servedByPeer.get(peer);
    if (last !== undefined && number <= last.number) return undefined;
    if (last !== undefined && applied < last.number) this.#gain(last.moved);
    const moved = transfer(this.#share, share);
    this.#servedByPeer.set(peer, { number, moved });
    this.#gain(scaled(moved, -1));
    this.#share = { ...this.#share, ...extremesOf(this.#share, share) };
    const { minimum, maximum } = this.#share;
    return { ...moved, minimum, maximum };
  }

  #gain(mass: Mass): void {
    this.#share = { ...this.#share, ...plus(this.#share, mass) };
  }
}
