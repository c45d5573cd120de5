/** An ordered store with two disks: the one that the process sees, and the one that survives a power loss. */

import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { OrderedStore, WriteOperation, WriteOptions } from '../../src/ports/ordered-store.ts';

interface Batch {
  readonly operations: readonly WriteOperation[];
  readonly sync: boolean;
}

export interface ForgetfulStore extends OrderedStore {
  /** Batches handed to the disk so far. */
  readonly batches: number;
  /**
   * The disk after a power loss when the first `batches` had been handed to it: synced ones are there, of the others
   * those that `survives` says. LevelDB may lose the end of a log that it left behind, and keep a synced batch of the
   * next one, so an unsynced batch may be missing from below a synced one.
   */
  afterPowerLoss(batches: number, survives: (batch: number) => boolean): Promise<MemoryDisk>;
}

export async function forgetfulStore(): Promise<ForgetfulStore> {
  const seen = await new MemoryDisk().open();
  const written: Batch[] = [];
  return {
    ...seen,
    get batches() {
      return written.length;
    },
    write(operations: readonly WriteOperation[], options: WriteOptions) {
      written.push({ operations, sync: options.sync });
      return seen.write(operations, options);
    },
    async afterPowerLoss(batches, survives) {
      const disk = new MemoryDisk();
      const store = await disk.open();
      for (const [number, { operations, sync }] of written.slice(0, batches).entries()) {
        if (sync || survives(number)) await store.write(operations, { sync: true });
      }
      await store.close();
      return disk;
    },
  };
}
