/** What nodes say of themselves in their logs, and never should. */

import type { Log } from '../../ports/log.ts';
import type { Machine } from '../machine.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { FaultsTold } from './faults-told.ts';

const GIVEN_UP = 'Damage was found: what was seen is forgotten, and peers are asked for all of it.';
const UNEXPLAINED = 'A peer lacks entries that it has seen: its disk is damaged, and it was told.';

/** Errors that no fault explains: a defect. */
const DEFECTS: ReadonlySet<string> = new Set([
  'An invariant of the store was broken, please report the cause: nothing is written until the store was opened again.',
  'A session failed.',
  'A round failed.',
  'A request failed here.',
]);

export class LogCheck {
  readonly #told: FaultsTold;
  readonly #time: VirtualTime;

  constructor(told: FaultsTold, time: VirtualTime) {
    this.#told = told;
    this.#time = time;
  }

  check(machine: Machine, level: keyof Log, message: string, fields: object): void {
    if (level === 'debug' || level === 'info') return;
    const place = { machine: machine.name, atMs: this.#time.nowMs };
    if (message === GIVEN_UP) this.#told.gaveUp(machine);
    if ((message === GIVEN_UP || message === UNEXPLAINED) && !this.#told.isUnsettled)
      throw new BrokenPromise('I8', `${JSON.stringify(fields)}: ${message}`, place);
    if (DEFECTS.has(message)) throw new BrokenPromise('I4', `${message} ${JSON.stringify(fields)}`, place);
  }
}
