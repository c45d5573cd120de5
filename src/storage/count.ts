/** Counts live entries: permanent ones by the count that is kept, expiring ones by the due index. */

import type { Reader } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { reportingDamage } from './damage.ts';
import { decodeDue } from './due-record.ts';
import { decodeEntry } from './entry-record.ts';
import { DUE_EXPIRING, dueBetween, entryKey, keyOfDue } from './keyspace.ts';
import type { ReplicaParts } from './replica-parts.ts';

const PAGE = 1000;

/** Live entries of the whole map; costs what expires, not what exists. */
export async function countLive({
  store,
  state,
  options,
  committer,
  onDamage,
}: ReplicaParts): Promise<number> {
  // Between two commits, so that what is in memory and on disk is of one state.
  const { snapshot, permanent } = await committer.exclusive(() =>
    Promise.resolve({ snapshot: store.snapshot(), permanent: state.permanent.count }),
  );
  try {
    return await reportingDamage(
      onDamage,
      async () => permanent + (await countExpiring(snapshot, options.clock.wallMs())),
    );
  } finally {
    await snapshot.close();
  }
}

/** Entries that expire after `wallMs`. */
async function countExpiring(store: Reader, wallMs: number): Promise<number> {
  let count = 0;
  const scan = store.scan(dueBetween(DUE_EXPIRING, wallMs + 1, Number.MAX_SAFE_INTEGER));
  try {
    for (let page = await scan.next(PAGE); page.length > 0; page = await scan.next(PAGE)) {
      const keys = page.map(([dueKey]) => entryKey(keyOfDue(dueKey)));
      const records = await store.getMany(keys);
      for (const [index, [dueKey, due]] of page.entries()) {
        const record = records[index];
        if (record === undefined) continue;
        const dot = readRecord(dueKey, due, decodeDue);
        const stored = readRecord(keys[index] as Uint8Array, record, decodeEntry);
        if (stored.version === dot.version && stored.actorNo === dot.actorNo) count++;
      }
    }
    return count;
  } finally {
    await scan.close();
  }
}
