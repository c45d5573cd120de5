/** Limits a flow of bytes to a rate: a second's worth may come at once; what goes beyond it is paid for by waiting after it. */

import type { Clock } from '../ports/clock.ts';

export class TokenBucket {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  /** Below 0: owed. */
  #bytes: number;
  #filledAtMs: number;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#bytes = bytesPerSecond;
    this.#filledAtMs = clock.monotonicMs();
  }

  take(bytes: number): void {
    this.#fill();
    this.#bytes -= bytes;
  }

  /** Until nothing is owed, in milliseconds. */
  waitMs(): number {
    this.#fill();
    return this.#bytes >= 0 ? 0 : Math.ceil((-this.#bytes * 1000) / this.#bytesPerSecond);
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    const filled = this.#bytes + ((nowMs - this.#filledAtMs) * this.#bytesPerSecond) / 1000;
    this.#bytes = Math.min(this.#bytesPerSecond, filled);
    this.#filledAtMs = nowMs;
  }
}
