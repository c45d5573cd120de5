/** Removes what belongs to nothing: large values without an entry, records of no key space. */

import type { OrderedStore } from '../ports/ordered-store.ts';
import type { Committer } from './committer.ts';
import { spaceOf } from './keyspace.ts';
import { isOrphan } from './verify-entries.ts';

/** Keys looked at between two commits. */
const PAGE_KEYS = 256;

/** The dot index must be sound. Resolves to how many records went. */
export async function sweep(store: OrderedStore, committer: Committer): Promise<number> {
  let removed = 0;
  const scan = store.scan({ gte: new Uint8Array(0), keysOnly: true });
  try {
    for (let page = await scan.next(PAGE_KEYS); page.length > 0; page = await scan.next(PAGE_KEYS)) {
      const keys = page.map(([key]) => key).filter((key) => ['largeValue', undefined].includes(spaceOf(key)));
      if (keys.length > 0) removed += await committer.exclusive(() => removeOrphans(store, committer, keys));
    }
  } finally {
    await scan.close();
  }
  return removed;
}

/** Looked up and removed between the same two commits: a peer may send the entry again. */
async function removeOrphans(
  store: OrderedStore,
  committer: Committer,
  keys: readonly Uint8Array[],
): Promise<number> {
  const orphans: Uint8Array[] = [];
  for (const key of keys) if (spaceOf(key) === undefined || (await isOrphan(store, key))) orphans.push(key);
  if (orphans.length === 0) return 0;
  await committer.commitNow({
    keys: [],
    bytes: 0,
    sync: true,
    decide: (transaction) => orphans.forEach((key) => transaction.delete(key)),
  });
  return orphans.length;
}
