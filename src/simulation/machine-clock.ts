/** The clock of a simulated machine: it may be off, run too fast, and jump. */

import type { Clock } from '../ports/clock.ts';
import type { ProcessLife } from './process-life.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What wall clocks that are right show at the start of a run. */
export const EPOCH_MS: number = Date.UTC(2026, 0, 1);

export class MachineClock {
  readonly #time: VirtualTime;
  #offsetMs = 0;
  /** Beyond 1: so many milliseconds gained in each. */
  #drift = 0;
  #driftSinceMs = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** Shown beyond the right time, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs + (this.#time.nowMs - this.#driftSinceMs) * this.#drift;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.#time.nowMs + this.offsetMs);
  }

  /** The wall clock is off by so much from now on. */
  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.#driftSinceMs = this.#time.nowMs;
  }

  leap(byMs: number): void {
    this.set(this.offsetMs + byMs);
  }

  /** The wall clock gains so many milliseconds in each; monotonic time does not. */
  runAt(drift: number): void {
    this.set(this.offsetMs);
    this.#drift = drift;
  }

  /** As a process on this machine sees it. */
  of(life: ProcessLife): Clock {
    return {
      wallMs: () => this.wallMs(),
      monotonicMs: () => this.#time.nowMs,
      after: (delayMs, callback) => life.after(delayMs, callback),
    };
  }
}
