/** Capped exponential back-off with full jitter (Brooker 2015): for peers that cannot be reached, and disks that fail. */

import type { Random } from '../ports/random.ts';

const FIRST_MS = 250;
const CAP_MS = 30_000;

export class BackOff {
  readonly #random: Random;
  readonly #capMs: number;
  #failures = 0;

  /** `capMs`: the longest wait. */
  constructor(random: Random, capMs: number = CAP_MS) {
    this.#random = random;
    this.#capMs = capMs;
  }

  /** How long to wait after a further failure, in milliseconds. `capMs`: instead of the usual longest one. */
  nextMs(capMs: number = this.#capMs): number {
    const ceilingMs = Math.min(capMs, FIRST_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return Math.ceil(this.#random.fraction() * ceilingMs);
  }

  reset(): void {
    this.#failures = 0;
  }
}
