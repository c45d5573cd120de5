/** A clock that stands still until it is told to go on. */

import type { Clock } from '../ports/clock.ts';

/** Turns of the event loop that work of the memory adapters takes at most between two timers. */
const SETTLE_TURNS = 40;

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class SimulatedClock implements Clock {
  #monotonicMs = 0;
  #offsetMs: number;
  #timers: Timer[] = [];
  #made = 0;
  readonly #settleTurns: number;

  /** `wallMs`: milliseconds since 1970 at the start. `settleTurns`: as of `settle`, between two timers. */
  constructor(wallMs: number = Date.UTC(2026, 0, 1), settleTurns: number = SETTLE_TURNS) {
    this.#offsetMs = wallMs;
    this.#settleTurns = settleTurns;
  }

  wallMs(): number {
    return this.#monotonicMs + this.#offsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#made++, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** The wall clock jumps by `ms`, in either direction; monotonic time does not. */
  leap(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Lets `ms` pass: what is due on the way is called in order, and what it leads to is given time to settle. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      await settle(this.#settleTurns);
      const next = this.#nextDue(endMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs);
      next.callback();
    }
    this.#monotonicMs = endMs;
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      const sooner =
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order);
      if (timer.dueMs <= endMs && sooner) next = timer;
    }
    return next;
  }
}

/** Gives promises and the memory store's callbacks time to run: so many turns of the event loop. */
export async function settle(turns: number = SETTLE_TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
