/** What faults tell before they take something: what may fall back, and what may be unexplained, from then on. */

import type { StoredRecord } from '../../ports/ordered-store.ts';
import type { Losses } from '../losses.ts';
import type { Machine } from '../machine.ts';

export interface FaultsToldOptions {
  readonly maxDriftMs: number;
  /** Looks at the disk of a machine as it is now. */
  readonly look: (machine: Machine) => Promise<void>;
  /** All that is on its disk goes. */
  readonly onDiskLost: (machine: Machine) => void;
  /** This record is about to be damaged. */
  readonly onDamage: (record: StoredRecord) => void;
  readonly onClockRepair: () => void;
}

export class FaultsTold implements Losses {
  readonly #options: FaultsToldOptions;
  /** Whose disk is another one since it was last looked at: it may have seen less (I3). */
  readonly replaced: Set<Machine> = new Set<Machine>();
  /** How often a node is about to forget what it has seen, or may be; it counts each time as a drop. */
  readonly #forgetting = new Map<Machine, number>();
  /** Whose records are not what was written, until the node has noticed. */
  readonly #damaged = new Set<Machine>();
  /** Whose node is giving up its context: it makes its records anew. */
  readonly #rebuilding = new Set<Machine>();
  /** Damage, or clocks that are off by more than `maxDriftMs`: since then contexts may be given up anywhere (I8). */
  isUnsettled = false;

  constructor(options: FaultsToldOptions) {
    this.#options = options;
  }

  async beforeDiskLost(machine: Machine): Promise<void> {
    await this.#options.look(machine);
    this.#options.onDiskLost(machine);
  }

  async beforeRestore(machine: Machine, isCopyDamaged: boolean): Promise<void> {
    await this.#options.look(machine);
    // What a damaged disk held, nobody can say.
    if (this.isDamaged(machine)) this.#options.onDiskLost(machine);
    this.replaced.add(machine);
    if (isCopyDamaged) this.#damaged.add(machine);
  }

  async beforeDamage(machine: Machine, record?: StoredRecord): Promise<void> {
    await this.#options.look(machine);
    if (record !== undefined) this.#options.onDamage(record);
    this.#damaged.add(machine);
    this.isUnsettled = true;
  }

  /** The node may take it for damage. */
  beforeFailedRead(): void {
    this.isUnsettled = true;
  }

  beforeClockWrong(_: Machine, offsetMs: number): void {
    if (Math.abs(offsetMs) > this.#options.maxDriftMs) this.isUnsettled = true;
  }

  /** It goes on from where the other one is, which may be behind what it held itself. */
  beforeClone(machine: Machine, clone: Machine): void {
    this.replaced.add(clone);
    if (this.isDamaged(machine)) this.#damaged.add(clone);
  }

  beforeClockRepair(machine: Machine): void {
    this.#addForgetting(machine, 1);
    this.isUnsettled = true;
    this.#options.onClockRepair();
  }

  /** A node has told that it gives up its context. */
  gaveUp(machine: Machine): void {
    this.#addForgetting(machine, 1);
    this.#damaged.delete(machine);
    this.#rebuilding.add(machine);
  }

  isDamaged(machine: Machine): boolean {
    return this.#damaged.has(machine) || this.#rebuilding.has(machine);
  }

  /** Whether it is damaged, or what it has seen is about to fall back. */
  isUncertain(machine: Machine): boolean {
    return this.isDamaged(machine) || this.replaced.has(machine) || this.isForgetting(machine);
  }

  isForgetting(machine: Machine): boolean {
    return (this.#forgetting.get(machine) ?? 0) > 0;
  }

  /** Whether what it has seen may have fallen back just now. `hasDropped`: it has counted a drop since it was last looked at. */
  mayFall(machine: Machine, hasDropped: boolean): boolean {
    const isReplaced = this.replaced.delete(machine);
    const hasForgotten = hasDropped && this.isForgetting(machine);
    if (hasForgotten) {
      this.#addForgetting(machine, -1);
      this.#rebuilding.delete(machine);
    }
    return hasForgotten || isReplaced;
  }

  /** Its disk is gone. */
  lost(machine: Machine): void {
    for (const machines of [this.replaced, this.#forgetting, this.#damaged, this.#rebuilding])
      machines.delete(machine);
  }

  #addForgetting(machine: Machine, times: number): void {
    this.#forgetting.set(machine, (this.#forgetting.get(machine) ?? 0) + times);
  }
}
