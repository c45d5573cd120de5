/**
 * What is news of members, told along with probes and their answers (SWIM, section 4.1): each piece a number of times that
 * grows with the logarithm of the cluster, those first that were told least.
 */

import type { NodeId } from '../core/actor.ts';
import type { Update } from './member.ts';
import { updateBytes } from './update-codec.ts';

/** SWIM's lambda, as in the experiments of its section 5: what everybody tells so often, about n^-4 of n members miss. */
const LAMBDA = 3;

/** Told along with one message: with it, it stays within one packet of a network. At least one record fits. */
export const TOLD_BYTES_MAX = 1200;

export class Dissemination {
  readonly #recordOf: (member: NodeId) => Update | undefined;
  /** How often each was told; those that became news last come last. */
  readonly #toldByMember = new Map<NodeId, number>();

  /** `recordOf`: what is known now; of the one who is suspected, with an accuser. */
  constructor(recordOf: (member: NodeId) => Update | undefined) {
    this.#recordOf = recordOf;
  }

  /** Members of whom there is news. */
  get size(): number {
    return this.#toldByMember.size;
  }

  /** Something changed: what was known of `member` before is told no more. */
  add(member: NodeId): void {
    this.#toldByMember.delete(member);
    this.#toldByMember.set(member, 0);
  }

  /**
   * What goes along with the next message in a cluster of `members` live ones. `first`: of whom the receiver is told in
   * any case.
   */
  take(members: number, first?: NodeId): Update[] {
    const most = Math.ceil(LAMBDA * Math.log(members + 1));
    const taken: Update[] = [];
    let bytes = 0;
    for (const member of this.#order(first)) {
      const update = this.#recordOf(member);
      if (update === undefined) {
        this.#toldByMember.delete(member);
        continue;
      }
      bytes += updateBytes(update);
      if (bytes > TOLD_BYTES_MAX) break;
      this.#count(member, most);
      taken.push(update);
    }
    return taken;
  }

  #order(first: NodeId | undefined): readonly NodeId[] {
    const newestFirst = [...this.#toldByMember].toReversed();
    const order = newestFirst.toSorted(([, a], [, b]) => a - b).map(([member]) => member);
    return first === undefined ? order : [first, ...order.filter((member) => member !== first)];
  }

  #count(member: NodeId, most: number): void {
    const told = this.#toldByMember.get(member);
    if (told === undefined) return;
    if (told + 1 >= most) this.#toldByMember.delete(member);
    else this.#toldByMember.set(member, told + 1);
  }
}
