/** Push-sum, cycle by cycle (Kempe, Dobra and Gehrke 2003, algorithm 1). */

import type { Random } from '../ports/random.ts';
import { otherOf } from './chance.ts';

/** At first each node holds its value and the weight 1; its estimate of the average is always sum by weight. */
export class PushSum {
  readonly #random: Random;
  #sums: readonly number[];
  #weights: readonly number[];

  constructor(values: readonly number[], random: Random) {
    this.#random = random;
    this.#sums = values;
    this.#weights = values.map(() => 1);
  }

  estimates(): readonly number[] {
    return this.#sums.map((sum, node) => sum / (this.#weights[node] as number));
  }

  /** Each node keeps half of what it holds, and sends the other half to another: neither sums nor weights get lost. */
  step(): void {
    const nodes = this.#sums.length;
    const sums = this.#sums.map((sum) => sum / 2);
    const weights = this.#weights.map((weight) => weight / 2);
    for (let node = 0; node < nodes; node++) {
      const other = otherOf(this.#random, nodes, node);
      sums[other] = (sums[other] as number) + (this.#sums[node] as number) / 2;
      weights[other] = (weights[other] as number) + (this.#weights[node] as number) / 2;
    }
    this.#sums = sums;
    this.#weights = weights;
  }
}
