/** What the keys of one commit group hold, in the order in which they are asked for, and by their hashes. */

import { equalBytes } from '../core/bytes.ts';
import { youngList } from '../core/young.ts';
import type { KeyHash, Present } from './dot-cache.ts';

/** What a key of the group holds, as the group is decided. A class for the sake of V8: `core/young.ts`. */
export class LookedUp implements KeyHash {
  /** As the first job that asked for it has it. */
  readonly key: Uint8Array;
  readonly low: number;
  readonly high: number;
  /** `null`: no entry; an error: its record is damaged. */
  present: Present | null | Error = null;
  /** The cache may have it; otherwise it certainly has not. */
  isCached = false;

  constructor(key: Uint8Array, { low, high }: KeyHash) {
    this.key = key;
    this.low = low;
    this.high = high;
  }
}

export class LookedUpKeys {
  readonly inOrder: LookedUp[] = youngList();
  readonly #byLow = new Map<number, LookedUp>();
  /** Those of which another one has the same half of its hash. */
  #others: LookedUp[] | undefined;

  get size(): number {
    return this.inOrder.length;
  }

  /** The key must not be there yet. */
  add(lookedUp: LookedUp): void {
    this.inOrder.push(lookedUp);
    if (this.#byLow.has(lookedUp.low)) (this.#others ??= []).push(lookedUp);
    else this.#byLow.set(lookedUp.low, lookedUp);
  }

  /** `before`: of the group that was decided last, since these were looked up. */
  follow(before: LookedUpKeys): void {
    for (const lookedUp of this.inOrder) {
      const left = before.find(lookedUp, lookedUp.key);
      if (left === undefined) continue;
      lookedUp.present = left.present;
      lookedUp.isCached = left.isCached;
    }
  }

  find({ low }: KeyHash, key: Uint8Array): LookedUp | undefined {
    const found = this.#byLow.get(low);
    if (found === undefined || equalBytes(found.key, key)) return found;
    return this.#others?.find((other) => equalBytes(other.key, key));
  }
}
