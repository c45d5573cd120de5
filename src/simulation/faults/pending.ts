/** What faults still have to do: further steps, and their ends. Healing drops the ones and does the others at once. */

import type { VirtualTime } from '../virtual-time.ts';

export class Pending {
  readonly #time: VirtualTime;
  /** Healing calls them in the order in which they came, and what is added by one of them, too. */
  readonly #onHealing = new Set<() => void>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** A further step of a fault, `delayMs` from now; it is left out if everything is healed before. */
  later(delayMs: number, act: () => void): void {
    this.#after(delayMs, act, () => {});
  }

  /** The end of a fault, `delayMs` from now, or when everything is healed. */
  until(delayMs: number, end: () => void): void {
    this.#after(delayMs, end, end);
  }

  heal(): void {
    for (const settle of this.#onHealing) settle();
  }

  #after(delayMs: number, act: () => void, onHealing: () => void): void {
    const settle = (): void => {
      cancel();
      this.#onHealing.delete(settle);
      onHealing();
    };
    const cancel = this.#time.after(delayMs, () => {
      this.#onHealing.delete(settle);
      act();
    });
    this.#onHealing.add(settle);
  }
}
