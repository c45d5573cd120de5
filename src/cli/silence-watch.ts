/** Notices that a process which owes a sign of life gives none, as one that was stopped (SIGSTOP) does. */

/** The limit is counted in so many steps: a process that was stopped itself counts one step for all that time. */
const STEPS = 30;

/** What the other side may owe: to begin an answer, to read what was sent, to end its answer. */
export type Due = 'answer' | 'reading' | 'end';

export class SilenceWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #due = new Set<Due>();
  #steps = 0;
  /** Whether it was silent for too long: whatever failed then, failed because of it. */
  isSilent = false;

  /** Calls `onSilent`, once, when something was due for `limitMs` without a sign of life. */
  constructor(limitMs: number, onSilent: () => void) {
    this.#timer = setInterval(() => {
      if (this.#due.size === 0) return;
      if (++this.#steps < STEPS) return;
      this.stop();
      this.isSilent = true;
      onSilent();
    }, limitMs / STEPS);
  }

  expect(due: Due): void {
    if (this.#due.size === 0) this.#steps = 0;
    this.#due.add(due);
  }

  got(due: Due): void {
    this.#due.delete(due);
    this.sawLife();
  }

  sawLife(): void {
    this.#steps = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
