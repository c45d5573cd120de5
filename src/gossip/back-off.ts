/** Capped exponential back-off with full jitter (Brooker 2015), for dialling peers that cannot be reached. */

import type { Random } from '../ports/random.ts';

const FIRST_MS = 250;
const CAP_MS = 30_000;

export class BackOff {
  readonly #random: Random;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How long to wait after a further failure, in milliseconds. */
  nextMs(): number {
    const ceilingMs = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return Math.ceil(this.#random.fraction() * ceilingMs);
  }

  reset(): void {
    this.#failures = 0;
  }
}
