/** Reads every entry of a state once, a little at a time: what is computed anew from entries is computed here. */

import { BucketTree } from '../core/bucket-tree.ts';
import { SUM_ZERO, type Sum } from '../core/context.ts';
import { addSum, type Fingerprints } from '../core/fingerprint.ts';
import type { Reader } from '../ports/ordered-store.ts';
import { readRecord, unseal } from './checksum.ts';
import type { ContextTable } from './context-table.ts';
import { damaged, isDamage } from './damage.ts';
import { dueKeyOf } from './due-record.ts';
import { decodeEntry, isPermanent, LARGE, type StoredEntry } from './entry-record.ts';
import { entriesBetween, keyOfEntry, largeValueKey } from './keyspace.ts';
import { pagesOf } from './pages.ts';
import { readable } from './locate.ts';
import { turn } from './turn.ts';

/**
 * Records read and looked at in one go, while others wait. With 512 they outlive V8's young generation, and its collection
 * then stops everything for up to 50 ms; with 64 they are dead before, in the same time.
 */
const PAGE_RECORDS = 64;

export interface EntryVisitor {
  onEntry(key: Uint8Array, stored: StoredEntry): void;
  /** Large values are read, too; an entry whose value cannot be is unreadable. */
  readonly checkLarge?: boolean;
  /** A record that cannot be read; without this the reading fails with `RECORD_DAMAGED`. */
  onUnreadable?(storedKey: Uint8Array): void;
  /** After each page: how many records it had. */
  onPage?(records: number): void;
}

/** All present entries, tombstones among them, in key order. */
export async function forEachEntry(
  reader: Reader,
  context: ContextTable,
  visitor: EntryVisitor,
): Promise<void> {
  for await (const page of pagesOf(reader.scan(entriesBetween({})), PAGE_RECORDS)) {
    for (const [storedKey, record] of page) {
      const stored = readEntry(storedKey, record, context, visitor);
      if (stored === undefined) continue;
      const isLarge = visitor.checkLarge === true && (stored.flags & LARGE) !== 0;
      if (!isLarge || (await isLargeValueSound(reader, stored)))
        visitor.onEntry(keyOfEntry(storedKey), stored);
      else visitor.onUnreadable?.(storedKey);
    }
    visitor.onPage?.(page.length);
  }
}

function readEntry(
  storedKey: Uint8Array,
  record: Uint8Array,
  context: ContextTable,
  visitor: EntryVisitor,
): StoredEntry | undefined {
  try {
    const stored = readRecord(storedKey, record, decodeEntry);
    if (!context.isNo(stored.actorNo)) throw damaged('refers to an actor that has no row');
    return stored;
  } catch (error) {
    if (visitor.onUnreadable === undefined || !isDamage(error)) throw error;
    visitor.onUnreadable(storedKey);
    return undefined;
  }
}

async function isLargeValueSound(reader: Reader, stored: StoredEntry): Promise<boolean> {
  const key = largeValueKey(stored.actorNo, stored.version);
  const record = await reader.get(key);
  if (record === undefined) return false;
  try {
    return unseal(key, record).length === stored.valueBytes;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

/** R9: the entries of a state in buckets. */
export async function foldIntoBuckets(
  reader: Reader,
  context: ContextTable,
  fingerprints: Fingerprints,
  depth: number,
  onPage: (entries: number) => void = () => {},
): Promise<BucketTree> {
  const tree = new BucketTree(depth);
  await forEachEntry(reader, context, {
    onEntry(key, { actorNo, version }) {
      tree.add(fingerprints.key(key), fingerprints.entry(context.byNo(actorNo).actor, version, key));
    },
    onPage,
  });
  for (const _ of tree.sumUp()) await turn();
  return tree;
}

/** What a state's own records say that it holds (R8), computed anew. */
export interface Recount {
  readonly all: Sum;
  readonly permanent: Sum;
  /** Of the due records that the entries should have (`dueSum`). */
  readonly due: Sum;
  /** By the number of an actor: count and sum of the dots of its entries. */
  readonly dotsByNo: ReadonlyMap<number, Sum>;
  /** Records that cannot be read. */
  readonly unreadable: readonly Uint8Array[];
}

export async function recount(
  reader: Reader,
  context: ContextTable,
  fingerprints: Fingerprints,
  onProgress: (entries: number) => void = () => {},
): Promise<Recount> {
  let all: Sum = SUM_ZERO;
  let permanent: Sum = SUM_ZERO;
  let due: Sum = SUM_ZERO;
  const dotsByNo = new Map<number, Sum>();
  const unreadable: Uint8Array[] = [];
  await forEachEntry(reader, context, {
    checkLarge: true,
    onEntry(key, stored) {
      const { actorNo, version, flags } = stored;
      const { actor } = context.byNo(actorNo);
      const sum = fingerprints.entry(actor, version, key);
      all = addSum(all, sum);
      if (isPermanent(flags)) permanent = addSum(permanent, sum);
      const dueKey = dueKeyOf(key, stored);
      if (dueKey !== undefined) due = addSum(due, dueSum(fingerprints, dueKey));
      dotsByNo.set(actorNo, addSum(dotsByNo.get(actorNo) ?? SUM_ZERO, fingerprints.dot(actor, version)));
    },
    onUnreadable: (storedKey) => void unreadable.push(storedKey),
    onPage: onProgress,
  });
  return { all, permanent, due, dotsByNo, unreadable };
}

/** What one due record adds to the sum over all of them. */
export function dueSum(fingerprints: Fingerprints, dueKey: Uint8Array): Sum {
  return { count: 1, sum: fingerprints.key(dueKey) };
}

/** Numbers that entries refer to are not given to new actors, though the rows that had them may be gone. */
export async function reserveActorNumbers(reader: Reader, context: ContextTable): Promise<void> {
  for await (const page of pagesOf(reader.scan(entriesBetween({})), PAGE_RECORDS)) {
    for (const [storedKey, record] of page) {
      const stored = readable(storedKey, record, decodeEntry);
      if (stored !== undefined) context.reserve(stored.actorNo + 1);
    }
  }
}
