/** The clock of a simulated machine: it may be off, run too fast, and jump. */

import type { Clock } from '../ports/clock.ts';
import type { ProcessLife } from './process-life.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What wall clocks that are right show at the start of a run: the first of January 2026. */
export const EPOCH_MS: number = 1_767_225_600_000;

export class MachineClock {
  readonly #time: VirtualTime;
  #offsetMs = 0;
  /** So many milliseconds gained in each. */
  #drift = 0;
  #driftSinceMs = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** Shown beyond the right time, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs + (this.#time.nowMs - this.#driftSinceMs) * this.#drift;
  }

  /** Shows the right time, and goes on to. */
  get isRight(): boolean {
    return this.#offsetMs === 0 && this.#drift === 0;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.#time.nowMs + this.offsetMs);
  }

  /** The wall clock jumps; it may be that it was off before, and drifts. */
  leap(byMs: number): void {
    this.#rebase();
    this.#offsetMs += byMs;
  }

  /** The wall clock gains so many milliseconds in each from now on; monotonic time does not. */
  runAt(drift: number): void {
    this.#rebase();
    this.#drift = drift;
  }

  /** The wall clock shows the right time from now on. */
  setRight(): void {
    this.#rebase();
    this.#offsetMs = 0;
    this.#drift = 0;
  }

  /** As a process on this machine sees it. */
  of(life: ProcessLife): Clock {
    return {
      wallMs: () => this.wallMs(),
      monotonicMs: () => this.#time.nowMs,
      after: (delayMs, callback) => life.after(delayMs, callback),
    };
  }

  #rebase(): void {
    this.#offsetMs = this.offsetMs;
    this.#driftSinceMs = this.#time.nowMs;
  }
}
