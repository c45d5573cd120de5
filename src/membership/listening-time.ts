/**
 * Time in which this node could listen. A process that was stopped, or an event loop that was busy, finds answers waiting
 * in its sockets when it goes on: were the time that it missed counted, it would declare others dead for its own absence.
 *
 * 1. A timer that fires late by more than the tolerance puts off all of them by as much, and by a moment in which what
 *    waits is read.
 * 2. The firing after that one is taken as it comes, lest a loop that is always late never acts.
 */

import type { Clock } from '../ports/clock.ts';

/** The moment: what waits in the sockets is read within a turn or two of the event loop. */
const CATCH_UP_MS = 50;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export interface ListeningTimeOptions {
  /** A timer later than this means that the event loop lags. */
  readonly toleranceMs: number;
  /** By how much a timer was late. */
  readonly onLag: (lagMs: number) => void;
}

export class ListeningTime {
  readonly #clock: Clock;
  readonly #options: ListeningTimeOptions;
  readonly #timers = new Set<Timer>();
  #missedMs = 0;
  #nextMs = Number.POSITIVE_INFINITY;
  #cancelNext: () => void = () => {};
  #wasPutOff = false;
  #stopped = false;

  constructor(clock: Clock, options: ListeningTimeOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Monotonic time without what was missed. */
  get nowMs(): number {
    return this.#clock.monotonicMs() - this.#missedMs;
  }

  /** Calls `callback` once, after `delayMs`; the function returned cancels it. */
  after(delayMs: number, callback: () => void): () => void {
    if (this.#stopped) return () => {};
    const timer = { dueMs: this.nowMs + delayMs, callback };
    this.#timers.add(timer);
    if (timer.dueMs < this.#nextMs) this.#wait();
    return () => void this.#timers.delete(timer);
  }

  /** For good: nothing is called any more. */
  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
    this.#wait();
  }

  #wait(): void {
    this.#cancelNext();
    this.#nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#timers) this.#nextMs = Math.min(this.#nextMs, dueMs);
    if (this.#timers.size === 0) return;
    this.#cancelNext = this.#clock.after(Math.max(0, this.#nextMs - this.nowMs), () => this.#fire());
  }

  #fire(): void {
    const lagMs = this.nowMs - this.#nextMs;
    const isLate = lagMs > this.#options.toleranceMs && !this.#wasPutOff;
    this.#wasPutOff = isLate;
    if (isLate) {
      this.#missedMs += lagMs + CATCH_UP_MS;
      this.#options.onLag(lagMs);
      return this.#wait();
    }
    // The sums are rounded, so what it fires for may seem to be due a hair later: waited for again, it would be so for ever.
    const untilMs = Math.max(this.nowMs, this.#nextMs);
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs);
    // One may cancel another.
    for (const timer of due.toSorted((a, b) => a.dueMs - b.dueMs))
      if (this.#timers.delete(timer)) timer.callback();
    this.#wait();
  }
}
