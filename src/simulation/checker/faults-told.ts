/** What faults tell before they take something: what may fall back, and what may be unexplained, from then on. */

import type { Losses } from '../losses.ts';
import type { Machine } from '../machine.ts';

export interface FaultsToldOptions {
  readonly maxDriftMs: number;
  /** Looks at the disk of a machine as it is now. */
  readonly look: (machine: Machine) => Promise<void>;
  /** All that is on its disk goes. */
  readonly onDiskLost: (machine: Machine) => void;
  readonly onClockRepair: () => void;
}

export class FaultsTold implements Losses {
  readonly #options: FaultsToldOptions;
  /** Whose context may have fallen back since it was last looked at (I3). */
  readonly falling: Set<Machine> = new Set<Machine>();
  /** Whose records are not what was written, until the node has given up its context. */
  readonly damaged: Set<Machine> = new Set<Machine>();
  /** Damage, or clocks that are off by more than `maxDriftMs`: since then contexts may be given up anywhere (I8). */
  isUnsettled = false;

  constructor(options: FaultsToldOptions) {
    this.#options = options;
  }

  async beforeDiskLost(machine: Machine): Promise<void> {
    await this.#options.look(machine);
    this.#options.onDiskLost(machine);
  }

  async beforeRestore(machine: Machine): Promise<void> {
    await this.#options.look(machine);
    this.falling.add(machine);
  }

  async beforeDamage(machine: Machine): Promise<void> {
    await this.#options.look(machine);
    this.damaged.add(machine);
    this.isUnsettled = true;
  }

  beforeFailedRead(machine: Machine): void {
    this.damaged.add(machine);
    this.isUnsettled = true;
  }

  beforeClockWrong(_: Machine, offsetMs: number): void {
    if (Math.abs(offsetMs) > this.#options.maxDriftMs) this.isUnsettled = true;
  }

  /** It goes on from where the other one is, which may be behind what it held itself. */
  beforeClone(_: Machine, clone: Machine): void {
    this.falling.add(clone);
  }

  beforeClockRepair(machine: Machine): void {
    this.falling.add(machine);
    this.isUnsettled = true;
    this.#options.onClockRepair();
  }

  /** A node has told that it gives up its context. */
  gaveUp(machine: Machine): void {
    this.falling.add(machine);
    this.damaged.delete(machine);
  }
}
