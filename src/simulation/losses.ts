/**
 * What faults tell before they take something that was acknowledged: whoever checks the promises notes then what is only
 * there, since that may be gone afterwards. A fault waits for what is returned, and nothing else happens meanwhile.
 */

import type { StoredRecord } from '../ports/ordered-store.ts';
import type { Machine } from './machine.ts';

export interface Losses {
  /** All that is on its disk is about to be gone; no process runs on it. Also of a clone that is stopped for good. */
  beforeDiskLost(machine: Machine): Promise<void>;
  /** Its disk is about to be set back to a copy, which is of a disk that was damaged or not; no process runs on it. */
  beforeRestore(machine: Machine, isCopyDamaged: boolean): Promise<void>;
  /** Records on its disk, or this one, are about to be changed or to vanish; its process may run. */
  beforeDamage(machine: Machine, record?: StoredRecord): Promise<void>;
  /** Whether records on its disk are changed or gone, and its node has not made up for it. */
  isDamaged(machine: Machine): boolean;
  /** A read of its process is about to fail: the node may take that for damage, and forget what it has seen. */
  beforeFailedRead(machine: Machine): void;
  /** Its wall clock is about to be wrong by `offsetMs`, at most, in either direction. */
  beforeClockWrong(machine: Machine, offsetMs: number): void;
  /** `clone` is about to start with a copy of the disk of `machine`, under the same node id. */
  beforeClone(machine: Machine, clone: Machine): void;
  /** An operator is about to repair what the clock of `machine` has done: the futures there are taken out. */
  beforeClockRepair(machine: Machine): void;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Nobody wants to know. */
export const UNHEARD: Losses = {
  beforeDiskLost: nothing,
  beforeRestore: nothing,
  beforeDamage: nothing,
  isDamaged: () => false,
  beforeFailedRead: () => {},
  beforeClockWrong: () => {},
  beforeClone: () => {},
  beforeClockRepair: () => {},
};
