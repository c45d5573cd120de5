/** What happened in a run, folded into one hash: two runs with the same hash went the same way. */

import { createHash, type Hash } from 'node:crypto';
import type { VirtualTime } from './virtual-time.ts';

export class EventLog {
  readonly #time: VirtualTime;
  readonly #hash: Hash = createHash('sha256');
  readonly #print: ((line: string) => void) | undefined;
  #lines = 0;

  /** `print` is given each line, for people. */
  constructor(time: VirtualTime, print?: (line: string) => void) {
    this.#time = time;
    this.#print = print;
  }

  /** `what` is one line, and the same in each run of the same seed. */
  note(machine: string, what: string): void {
    const line = `${this.#time.nowMs.toFixed(3)} ${machine} ${what}`;
    this.#lines++;
    this.#hash.update(`${line}\n`);
    this.#print?.(line);
  }

  get lines(): number {
    return this.#lines;
  }

  /** Of all lines so far: 16 hexadecimal digits. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}
