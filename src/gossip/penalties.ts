/**
 * Who broke the protocol waits: each time twice as long as the time before, and less again once it has behaved for a while.
 *
 * Known by the name that it proved, else by its name and host, or by its host alone if it never said a name.
 */

import type { Clock } from '../ports/clock.ts';

const FIRST_MS = 1000;

/** As of pauses between dials. */
const CAP_MS = 30_000;

/** One offence is forgotten after so long without another one. */
const DECAY_MS = 60_000;

/** Strangers can come from many places; beyond this the one that offended longest ago is forgotten. */
const OFFENDERS_MAX = 1024;

interface Offender {
  readonly offences: number;
  readonly lastMs: number;
}

export class Penalties {
  readonly #clock: Clock;
  readonly #offenders = new Map<string, Offender>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more offence; answers for how long it waits now, in milliseconds. */
  punish(who: string): number {
    const offences = this.#left(who) + 1;
    this.#offenders.delete(who);
    this.#offenders.set(who, { offences, lastMs: this.#clock.monotonicMs() });
    const [oldest] = this.#offenders.keys();
    if (this.#offenders.size > OFFENDERS_MAX && oldest !== undefined) this.#offenders.delete(oldest);
    return waitMs(offences);
  }

  /** For how long it still waits; 0 if it need not. */
  remainingMs(who: string): number {
    const offender = this.#offenders.get(who);
    if (offender === undefined) return 0;
    return Math.max(0, offender.lastMs + waitMs(offender.offences) - this.#clock.monotonicMs());
  }

  /** Offences that are not forgotten yet. */
  #left(who: string): number {
    const offender = this.#offenders.get(who);
    if (offender === undefined) return 0;
    const forgotten = Math.floor((this.#clock.monotonicMs() - offender.lastMs) / DECAY_MS);
    return Math.max(0, offender.offences - forgotten);
  }
}

function waitMs(offences: number): number {
  return Math.min(CAP_MS, FIRST_MS * 2 ** (offences - 1));
}
