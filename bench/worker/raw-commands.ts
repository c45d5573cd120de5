/** `classic-level` through its public API, doing nothing else: what Boato is measured against. */

import { ClassicLevel } from 'classic-level';
import { type Cost, startCost } from './cpu.ts';
import { keyAt, type SetName, valueAt } from '../harness/records.ts';

type Raw = ClassicLevel<Uint8Array, Uint8Array>;

const BATCH = 1000;

let raw: Raw | undefined;

export const rawCommands = {
  /** An existing database, or a new one. */
  async openRaw(path: string): Promise<void> {
    raw = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' });
    await raw.open();
  },

  /** The first `count` records of the set. */
  async fillRaw(set: SetName, count: number): Promise<void> {
    const db = opened();
    for (let from = 0; from < count; from += BATCH) {
      const length = Math.min(BATCH, count - from);
      await db.batch(
        Array.from({ length }, (_, at) => ({
          type: 'put' as const,
          key: Buffer.from(keyAt(set, from + at)),
          value: valueAt(from + at),
        })),
      );
    }
    await db.compactRange(new Uint8Array(0), new Uint8Array(8).fill(0xff));
  },

  /** All records, a thousand at a time; how long it took. */
  async scanRaw(): Promise<Cost & { records: number }> {
    const cost = startCost();
    const iterator = opened().iterator();
    let records = 0;
    try {
      for (let page = await iterator.nextv(1000); page.length > 0; page = await iterator.nextv(1000))
        records += page.length;
    } finally {
      await iterator.close();
    }
    return { records, ...cost() };
  },

  /** Of a node's database: the entry of a record vanishes, and nothing that is kept beside it. */
  async loseEntry(set: SetName, index: number): Promise<void> {
    await opened().del(Buffer.from(`\x10${keyAt(set, index)}`), { sync: true });
  },

  closeRaw,
};

export async function closeRaw(): Promise<void> {
  await raw?.close();
  raw = undefined;
}

function opened(): Raw {
  if (raw === undefined) throw new Error('no database is open');
  return raw;
}
