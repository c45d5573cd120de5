/** A memory disk whose failures a test steers: writes that fail, and a database that cannot be opened. */

import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';

export const DISK_FULL: Error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

export class FailingDisk {
  readonly disk: MemoryDisk = new MemoryDisk();
  /** So many writes succeed; the one after them fails. */
  writesLeft = Number.POSITIVE_INFINITY;
  /** What fails is stored all the same, as by a disk that cannot sync. */
  keepsFailed = false;
  /** So many further openings fail. */
  openingFailures = 0;
  /** What an opening waits for. */
  opening: Promise<void> = Promise.resolve();
  opened = 0;

  /** The write that comes after so many others fails, is stored or not, and so many openings fail after it. */
  failAs(
    failure: { readonly after: number; readonly keeps: boolean; readonly openings: number } | undefined,
  ): void {
    if (failure === undefined) return;
    this.writesLeft = failure.after;
    this.keepsFailed = failure.keeps;
    this.openingFailures = failure.openings;
  }

  async open(): Promise<OrderedStore> {
    await this.opening;
    if (this.openingFailures > 0) {
      this.openingFailures--;
      throw DISK_FULL;
    }
    const inner = await this.disk.open();
    this.opened++;
    let hasFailed = false;
    return {
      ...inner,
      write: async (operations, options) => {
        // What LevelDB does after its log could not be written: it acknowledges what a reopening does not find.
        if (hasFailed) return;
        hasFailed = this.writesLeft-- <= 0;
        if (!hasFailed || this.keepsFailed) await inner.write(operations, options);
        if (!hasFailed) return;
        this.writesLeft = Number.POSITIVE_INFINITY;
        throw DISK_FULL;
      },
    };
  }
}
