/** The memory twin of the disk: what is written survives closing, and can be copied. */

import { MemoryLevel } from 'memory-level';
import { BoatoError } from '../core/errors.ts';
import type { OrderedStore, WriteOperation } from '../ports/ordered-store.ts';
import { type BytesLevel, wrapLevel } from './abstract-level-store.ts';

export class MemoryDisk {
  readonly #db: MemoryLevel<Uint8Array, Uint8Array>;
  #isOpen = false;

  constructor() {
    this.#db = new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view', storeEncoding: 'view' });
  }

  /** One at a time, as with the lock of a folder. */
  async open(): Promise<OrderedStore> {
    if (this.#isOpen) throw new BoatoError('STORE_LOCKED', 'The memory disk is open already.');
    this.#isOpen = true;
    await this.#db.open();
    const store = wrapLevel(this.#db as BytesLevel);
    let isClosed = false;
    return {
      ...store,
      // Copies, as a disk makes them: what the caller does with its bytes afterwards is its own business.
      write: (operations, options) => store.write(operations.map(copied), options),
      close: async () => {
        if (isClosed) return;
        isClosed = true;
        await store.close();
        this.#isOpen = false;
      },
    };
  }

  /** What is on it now, on a disk of its own: a backup, or a clone. */
  async copy(): Promise<MemoryDisk> {
    const wasOpen = this.#isOpen;
    if (!wasOpen) await this.#db.open();
    const copy = new MemoryDisk();
    await copy.#db.open();
    for await (const [key, value] of this.#db.iterator()) await copy.#db.put(key, value);
    await copy.#db.close();
    if (!wasOpen) await this.#db.close();
    return copy;
  }
}

function copied(operation: WriteOperation): WriteOperation {
  const key = operation.key.slice();
  return operation.type === 'del'
    ? { ...operation, key }
    : { ...operation, key, value: operation.value.slice() };
}
