/** Members in random order, one after another: each is probed within a bounded time (SWIM, section 4.3). */

import type { NodeId } from '../core/actor.ts';
import type { Random } from '../ports/random.ts';

/** Fisher and Yates, of the first `count`: each choice, in each order, is as likely. */
export function someOf<T>(all: readonly T[], count: number, random: Random): T[] {
  const items = [...all];
  const chosen = Math.min(count, items.length);
  for (let at = 0; at < chosen; at++) {
    const other = at + Math.floor(random.fraction() * (items.length - at));
    [items[at], items[other]] = [items[other] as T, items[at] as T];
  }
  return items.slice(0, chosen);
}

export class ProbeOrder {
  readonly #random: Random;
  readonly #live: () => readonly NodeId[];
  #order: NodeId[] = [];

  constructor(random: Random, live: () => readonly NodeId[]) {
    this.#random = random;
    this.#live = live;
  }

  /**
   * Into a random place of the round that is under way, if it is not to come in it: whoever comes is not known to be probed
   * late, or soon.
   */
  add(member: NodeId): void {
    if (this.#order.includes(member)) return;
    this.#order.splice(Math.floor(this.#random.fraction() * (this.#order.length + 1)), 0, member);
  }

  /** The next that is in `isMeant`; `undefined` if none is. */
  next(isMeant: (member: NodeId) => boolean): NodeId | undefined {
    for (let round = 0; round < 2; round++) {
      for (let member = this.#order.pop(); member !== undefined; member = this.#order.pop())
        if (isMeant(member)) return member;
      this.#order = someOf(this.#live(), Number.POSITIVE_INFINITY, this.#random);
    }
    return undefined;
  }
}
