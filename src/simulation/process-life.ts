/**
 * One run of a process on a simulated machine. What is to happen to it happens when the machine lets it: not while it is
 * paused, later when it is slow, never once it is over.
 */

import type { VirtualTime } from './virtual-time.ts';

export class ProcessLife {
  readonly #time: VirtualTime;
  #isOver = false;
  #isPaused = false;
  /** What every event waits for besides its time. */
  slownessMs = 0;
  #held: (() => void)[] = [];

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** `happen` is called in this process after `delayMs`, or when it can; the function returned cancels it. */
  after(delayMs: number, happen: () => void): () => void {
    let isCancelled = false;
    const now = (): void => {
      if (this.#isOver || isCancelled) return;
      if (this.#isPaused) this.#held.push(now);
      else happen();
    };
    const cancel = this.#time.after(delayMs + this.slownessMs, now);
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** SIGSTOP. */
  pause(): void {
    this.#isPaused = true;
  }

  /** SIGCONT: what came meanwhile happens, in its order. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const happen of this.#held.splice(0)) this.#time.after(0, happen);
  }

  /** Nothing happens in it any more; what it waits for never comes. */
  end(): void {
    this.#isOver = true;
    this.#held = [];
  }
}
