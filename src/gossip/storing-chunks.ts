/** Stores the chunks of a session, one after another; while one is being stored, the next may be unpacked. */

import type { ArrivedChunk, Replica } from '../ports/replica.ts';

export class StoringChunks {
  readonly #replica: Pick<Replica, 'storeChunk'>;
  /** The chunk that came last, until it is on disk. */
  #last: Promise<void> = Promise.resolve();
  /** Stored so far. */
  entries = 0;
  bytes = 0;

  constructor(replica: Pick<Replica, 'storeChunk'>) {
    this.#replica = replica;
  }

  /** Resolves when the chunk before is on disk. */
  add(chunk: ArrivedChunk): Promise<void> {
    const before = this.#last;
    this.#last = this.#replica.storeChunk(chunk).then(() => {
      this.entries += chunk.entries.length;
      this.bytes += chunk.bytes;
    });
    // Looked at with the next chunk; until then a failure must not count as unhandled.
    this.#last.catch(() => undefined);
    return before;
  }

  /** Resolves when the chunk that came last is on disk. */
  stored(): Promise<void> {
    return this.#last;
  }
}
