import { createHash } from 'node:crypto';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLevelStore } from '../../src/adapters/level-store.ts';
import { markDamagedBlocks } from '../../src/adapters/level-tables.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../support/temporary-folder.ts';

const KEYS = 200;

const keyOf = (at: number): Uint8Array => Buffer.from(`a key that others begin like, too, ${at + 1000}`);

/** Every other value can be packed, so that there are blocks of both kinds. */
function valueOf(at: number): Uint8Array {
  if (at % 20 < 10) return Buffer.from(`${at} `.repeat(100));
  return createHash('shake256', { outputLength: 400 }).update(`${at}`).digest();
}

let root = '';
let database = '';
let name = '';
let table: Buffer;

/** One table that holds all. */
beforeAll(async () => {
  root = await makeTemporaryFolder();
  database = join(root, 'db');
  const store = await openLevelStore(database, { createIfMissing: true });
  const numbers = Array.from({ length: KEYS }, (_, at) => at);
  await store.write(
    numbers.map((at) => ({ type: 'put', key: keyOf(at), value: valueOf(at) })),
    { sync: false },
  );
  await store.compact();
  await store.close();
  name = (await readdir(database)).find((file) => file.endsWith('.ldb')) as string;
  table = await readFile(join(database, name));
});

afterAll(() => removeFolder(root));

/** A copy whose table is `bytes`. */
async function copyWith(bytes: Uint8Array): Promise<string> {
  const location = join(await temporaryFolder(), 'db');
  await cp(database, location, { recursive: true });
  await writeFile(join(location, name), bytes);
  return location;
}

function flipped(...at: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from(table);
  for (const one of at) bytes[one] = (bytes[one] as number) ^ 0xff;
  return bytes;
}

async function keysIn(store: OrderedStore): Promise<Uint8Array[]> {
  const scan = store.scan({});
  const keys: Uint8Array[] = [];
  try {
    for (let page = await scan.next(KEYS); page.length > 0; page = await scan.next(KEYS))
      keys.push(...page.map(([key]) => key));
  } finally {
    await scan.close();
  }
  return keys;
}

interface Outcome {
  /** Keys whose get failed, and those of which something else was shown than was written. */
  readonly unread: number;
  readonly wrong: readonly number[];
  readonly scan: string;
  readonly compaction: string;
}

/** What each get, a scan, and a compaction that rewrites all come to. */
async function use(location: string): Promise<Outcome> {
  const failure = (error: unknown): string => (error instanceof BoatoError ? error.code : 'failed');
  const store = await openLevelStore(location, { createIfMissing: false });
  try {
    let unread = 0;
    const wrong: number[] = [];
    for (let at = 0; at < KEYS; at++) {
      const value = await store.get(keyOf(at)).catch(failure);
      if (typeof value === 'string') unread++;
      else if (value === undefined || Buffer.compare(value, valueOf(at)) !== 0) wrong.push(at);
    }
    const scan = await keysIn(store).then((keys) => `${keys.length} keys`, failure);
    // Keys at both ends, so that the table is rewritten.
    for (const key of [Uint8Array.of(0), keyOf(KEYS)])
      await store.write([{ type: 'put', key, value: valueOf(0) }], { sync: false });
    await store.compact();
    const compaction = await store.write([{ type: 'del', key: keyOf(KEYS) }], { sync: false }).then(
      () => 'done',
      () => 'failed',
    );
    return { unread, wrong, scan, compaction };
  } finally {
    await store.close();
  }
}

describe('the tables of a database', () => {
  test('that are sound are left as they are', async () => {
    const location = await copyWith(table);
    await markDamagedBlocks(location, () => {});
    expect(Buffer.compare(await readFile(join(location, name)), table)).toBe(0);
    expect(await use(location)).toEqual({ unread: 0, wrong: [], scan: '200 keys', compaction: 'done' });
  });

  test('with a flipped byte anywhere are read and compacted, or fail: none ends the process', async () => {
    const blocks = Array.from({ length: 40 }, (_, at) => Math.floor((at * table.length) / 40));
    const ends = Array.from({ length: 20 }, (_, at) => table.length - 1 - 17 * at);
    const seen = new Set<string>();
    const failed: string[] = [];
    for (const at of [...blocks, ...ends]) {
      const location = await copyWith(flipped(at));
      await markDamagedBlocks(location, () => {});
      const { unread, wrong, scan, compaction } = await use(location);
      // The kind of an entry (put or deletion) is not looked at by a compaction.
      if (compaction === 'failed') failed.push(scan);
      // Those of one block: a length that is another one may take the entries behind it for its value.
      expect(wrong.length).toBeLessThanOrEqual(20);
      seen.add(unread === 0 ? 'all' : unread === KEYS ? 'none' : 'some');
    }
    expect([...seen].toSorted()).toEqual(['all', 'none', 'some']);
    expect(new Set(failed)).toEqual(new Set(['RECORD_DAMAGED']));
  });

  test('with a damaged value keep what is beside it', async () => {
    for (const at of [15, 90, 199]) {
      const location = await copyWith(flipped(table.indexOf(valueOf(at)) + 50));
      await markDamagedBlocks(location, () => {});
      expect(await use(location)).toEqual({ unread: 0, wrong: [at], scan: '200 keys', compaction: 'done' });
    }
  });

  test('with bytes flipped here and there do not end the process in a compaction', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const from = Math.floor(table.length / 5) + seed;
      const here = Array.from({ length: Math.floor(table.length / 600) }, (_, at) => from + 200 * at);
      const location = await copyWith(flipped(...here));
      await markDamagedBlocks(location, () => {});
      expect(await use(location)).toMatchObject({ scan: 'RECORD_DAMAGED', compaction: 'failed' });
    }
  });

  test('are looked at while the database is open, and again without a change', async () => {
    const location = await copyWith(flipped(...Array.from({ length: 40 }, (_, at) => at)));
    const store = await openLevelStore(location, { createIfMissing: false });
    await store.checkFiles?.(() => {});
    await expect(keysIn(store)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    const marked = await readFile(join(location, name));
    await store.checkFiles?.(() => {});
    expect(Buffer.compare(await readFile(join(location, name)), marked)).toBe(0);
    await store.close();
  });

  test('that are being written, are no tables, or are gone are left alone', async () => {
    const location = await copyWith(table.subarray(0, table.length - 100));
    await writeFile(join(location, '999999.ldb'), '');
    await markDamagedBlocks(location, () => {});
    expect((await readFile(join(location, name))).length).toBe(table.length - 100);
    await markDamagedBlocks(join(location, 'none'), () => {});
  });
});
