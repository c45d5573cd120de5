/** Looks up, before a group is decided, what is present under each of its keys: from the cache, else from disk. */

import type { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Job } from './commit-group.ts';
import type { ContextTable } from './context-table.ts';
import { damaged, isDamage, type OnDamage, reported, reportingDamage } from './damage.ts';
import { decodeEntry, EXPIRING } from './entry-record.ts';
import { nameOfKey } from './key-name.ts';
import { entryKey } from './keyspace.ts';
import type { State } from './state.ts';
import type { LookedUp, Present, PresentByKey } from './transaction.ts';

/** `ahead`: what is present under keys of groups of which the disk may not know yet, the latest group first. */
export async function lookUpPresent(
  store: OrderedStore,
  { cache, context }: Pick<State, 'cache' | 'context'>,
  jobs: readonly Pick<Job<unknown>, 'keys'>[],
  onDamage: OnDamage,
  ahead: readonly PresentByKey[],
): Promise<PresentByKey> {
  const lookedUpByName = new Map<string, LookedUp>();
  const missed: LookedUp[] = [];
  for (const { keys } of jobs) {
    for (const key of keys) {
      const name = nameOfKey(key);
      if (lookedUpByName.has(name)) continue;
      const hash = cache.hash(key);
      const cached = cache.get(hash);
      // The cache knows no expiry.
      const isIncomplete = cached !== null && cached !== undefined && (cached.flags & EXPIRING) !== 0;
      const known = cached === undefined || isIncomplete ? presentIn(ahead, name) : cached;
      const lookedUp = { key, hash, present: known ?? null };
      lookedUpByName.set(name, lookedUp);
      if (known === undefined) missed.push(lookedUp);
    }
  }
  if (missed.length === 0) return lookedUpByName;
  const storedKeys = missed.map(({ key }) => entryKey(key));
  const records = await reportingDamage(onDamage, () => store.getMany(storedKeys));
  for (const [index, lookedUp] of missed.entries()) {
    const found = readPresent(storedKeys[index] as Uint8Array, records[index], context, onDamage);
    lookedUp.present = found;
    if (found !== null && !(found instanceof Error)) cache.set(lookedUp.hash, found);
  }
  return lookedUpByName;
}

function presentIn(groups: readonly PresentByKey[], name: string): LookedUp['present'] | undefined {
  for (const present of groups) {
    const lookedUp = present.get(name);
    if (lookedUp !== undefined) return lookedUp.present;
  }
  return undefined;
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
