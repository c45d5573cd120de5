/** Damage done to disks: records by what they are, and what becomes of them. */

import type { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { entryKey, metaKey } from '../../src/storage/keyspace.ts';
import { utf8 } from '../support/replica-fixture.ts';

export type Choice = (storedKey: Uint8Array) => boolean;
export type Damage = (record: Uint8Array, storedKey: Uint8Array) => Uint8Array | undefined;

const isOfKind =
  (prefix: number): Choice =>
  (stored) =>
    stored[0] === prefix;

const isKey =
  (key: Uint8Array): Choice =>
  (stored) =>
    Buffer.compare(stored, key) === 0;

export const isEntry = (name: string): Choice => isKey(entryKey(utf8(name)));
export const isLargeValue: Choice = isOfKind(0x11);
export const isSegment: Choice = isOfKind(0x20);
export const isSingleDot: Choice = isOfKind(0x21);
export const isDue: Choice = isOfKind(0x30);
export const isRow: Choice = isOfKind(0x02);
export const isCloudDot: Choice = isOfKind(0x03);
export const isSession: Choice = isOfKind(0x04);
export const isProgress: Choice = isOfKind(0x05);
export const isState: Choice = isKey(metaKey('state'));

/** One bit of it. */
export const flipped: (record: Uint8Array) => Uint8Array | undefined = (record) => {
  const value = record.slice();
  const middle = Math.floor(value.length / 2);
  value[middle] = (value[middle] ?? 0) ^ 1;
  return value;
};

export const vanished: Damage = () => undefined;

/** Damages the last record that `choose` wants. */
export async function damageRecord(disk: MemoryDisk, choose: Choice, damage: Damage): Promise<void> {
  const store = await disk.open();
  const scan = store.scan({ gte: new Uint8Array(0) });
  const records = await scan.next(1000);
  await scan.close();
  const [key, record] = records.findLast(([stored]) => choose(stored)) ?? [];
  if (key === undefined || record === undefined) throw new Error('there is no such record');
  const value = damage(record, key);
  const operation =
    value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const);
  await store.write([operation], { sync: true });
  await store.close();
}

/** How many records of a kind there are. */
export async function countRecords(disk: MemoryDisk, choose: Choice): Promise<number> {
  const copy = await disk.copy();
  const store = await copy.open();
  const scan = store.scan({ gte: new Uint8Array(0), keysOnly: true });
  const records = await scan.next(100_000);
  await scan.close();
  await store.close();
  return records.filter(([stored]) => choose(stored)).length;
}
