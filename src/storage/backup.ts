/** Takes a backup: the records of one snapshot, each checked on its way. */

import type { Hash64 } from '../ports/hash64.ts';
import type { Snapshot } from '../ports/ordered-store.ts';
import { type BackupHead, BackupWriter } from './backup-format.ts';
import { unseal } from './checksum.ts';
import { isCleanMarker } from './clean-stop.ts';
import { type OnDamage, reported } from './damage.ts';
import { BACKED_UP } from './keyspace.ts';
import type { ReplicaParts } from './replica-parts.ts';

/** Records read at once; large values make a page larger, so it is short. */
const PAGE_RECORDS = 64;

/**
 * The file of a backup of one moment, in pieces (`backup-format.ts`); commits go on meanwhile. Fails with `RECORD_DAMAGED`:
 * what is damaged is no backup of anything.
 */
export async function* backup({
  store,
  state,
  options,
  committer,
  health,
  onDamage,
}: ReplicaParts): AsyncGenerator<Uint8Array, void, undefined> {
  // Once the store is fenced there are no commits to wait for.
  const snapshot =
    committer.fenced === undefined
      ? await committer.exclusive(() => Promise.resolve(store.snapshot()))
      : store.snapshot();
  const takenAtMs = options.clock.wallMs();
  const head = { ...state.identity, takenAtMs, isChecked: health.checking === undefined };
  try {
    yield* pieces(snapshot, head, options.hash64, onDamage);
  } finally {
    await snapshot.close();
  }
}

async function* pieces(
  snapshot: Snapshot,
  head: BackupHead,
  hash64: Hash64,
  onDamage: OnDamage,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new BackupWriter(hash64);
  yield writer.begin(head);
  for (const range of BACKED_UP) {
    const scan = snapshot.scan(range);
    try {
      for (let page = await scan.next(PAGE_RECORDS); page.length > 0; page = await scan.next(PAGE_RECORDS)) {
        for (const record of page) {
          const [key] = record;
          if (isCleanMarker(key)) continue;
          unseal(key, record[1]);
          const block = writer.add(record);
          if (block !== undefined) yield block;
        }
      }
    } catch (error) {
      throw reported(error, onDamage);
    } finally {
      await scan.close();
    }
  }
  yield writer.end();
}
