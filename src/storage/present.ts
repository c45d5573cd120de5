/** Looks up, before a group is decided, what is present under each of its keys: from the cache, else from disk. */

import type { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Job } from './committer.ts';
import type { ContextTable } from './context-table.ts';
import { damaged, isDamage, type OnDamage, reported, reportingDamage } from './damage.ts';
import { decodeEntry, EXPIRING } from './entry-record.ts';
import { nameOfKey } from './key-name.ts';
import { entryKey } from './keyspace.ts';
import type { State } from './state.ts';
import type { Present, PresentByKey } from './transaction.ts';

export async function lookUpPresent(
  store: OrderedStore,
  { cache, context }: Pick<State, 'cache' | 'context'>,
  jobs: readonly Pick<Job<unknown>, 'keys'>[],
  onDamage: OnDamage,
): Promise<PresentByKey> {
  const present: PresentByKey = new Map();
  const missed: { name: string; key: Uint8Array }[] = [];
  for (const { keys } of jobs) {
    for (const key of keys) {
      const name = nameOfKey(key);
      const cached = cache.get(key);
      // The cache knows no expiry.
      const isIncomplete = cached !== null && cached !== undefined && (cached.flags & EXPIRING) !== 0;
      if (cached === undefined || isIncomplete) missed.push({ name, key });
      else if (!present.has(name)) present.set(name, cached);
    }
  }
  if (missed.length === 0) return present;
  const storedKeys = missed.map(({ key }) => entryKey(key));
  const records = await reportingDamage(onDamage, () => store.getMany(storedKeys));
  for (const [index, { name, key }] of missed.entries()) {
    const found = readPresent(storedKeys[index] as Uint8Array, records[index], context, onDamage);
    present.set(name, found);
    if (found !== null && !(found instanceof Error)) cache.set(key, found);
  }
  return present;
}

function readPresent(
  storedKey: Uint8Array,
  record: Uint8Array | undefined,
  context: ContextTable,
  onDamage: OnDamage,
): Present | null | Error {
  if (record === undefined) return null;
  try {
    const { version, actorNo, flags, expiresAt } = readRecord(storedKey, record, decodeEntry);
    if (!context.isNo(actorNo)) throw damaged('refers to an actor that has no row');
    return { version, actorNo, flags, expiresAt };
  } catch (error) {
    if (isDamage(reported(error, onDamage))) return error as BoatoError;
    throw error;
  }
}
