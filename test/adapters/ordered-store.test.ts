import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLevelStore } from '../../src/adapters/level-store.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { WriteOperation } from '../../src/ports/ordered-store.ts';
import { contentsOfAll } from '../contract/contents.ts';
import { describeOrderedStore } from '../contract/ordered-store.contract.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const KEY = Uint8Array.of(1);
const PUT: WriteOperation = { type: 'put', key: KEY, value: Uint8Array.of(2) };

describeOrderedStore('LevelDB', async () =>
  openLevelStore(join(await temporaryFolder(), 'db'), { createIfMissing: true }),
);
describeOrderedStore('memory', () => new MemoryDisk().open());

describe('LevelDB', () => {
  test('is opened by one at a time', async () => {
    const location = join(await temporaryFolder(), 'db');
    const store = await openLevelStore(location, { createIfMissing: true });
    await expect(openLevelStore(location, { createIfMissing: true })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
    await store.close();
    await (await openLevelStore(location, { createIfMissing: false })).close();
  });

  test('that is missing is not made unless asked for', async () => {
    const location = join(await temporaryFolder(), 'db');
    await expect(openLevelStore(location, { createIfMissing: false })).rejects.toMatchObject({
      code: 'STORE_MISSING',
    });
  });

  test.each([true, false])('keeps what was written when it is closed (sync: %s)', async (sync) => {
    const location = join(await temporaryFolder(), 'db');
    const store = await openLevelStore(location, { createIfMissing: true });
    await store.write([PUT], { sync });
    await store.close();
    const reopened = await openLevelStore(location, { createIfMissing: false });
    expect(contentsOfAll([await reopened.get(KEY)])).toEqual(['02']);
    await reopened.close();
  });

  test('does not keep the bytes that it was given: they may change once they are written', async () => {
    const store = await openLevelStore(join(await temporaryFolder(), 'db'), { createIfMissing: true });
    const [key, value] = [Uint8Array.of(1), Uint8Array.of(2)];
    await store.write([{ type: 'put', key, value }], { sync: false });
    key[0] = 8;
    value[0] = 9;
    expect(contentsOfAll(await store.getMany([KEY, key]))).toEqual(['02', undefined]);
    await store.close();
  });

  test('that cannot be opened says so, and where it is', async () => {
    const location = join(await temporaryFolder(), 'db');
    await (await openLevelStore(location, { createIfMissing: true })).close();
    await writeFile(join(location, 'CURRENT'), 'nonsense\n');
    const failure = openLevelStore(location, { createIfMissing: false });
    await expect(failure).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
    await expect(failure).rejects.toThrow(`The database at ${location} cannot be opened: `);
  });

  test('tells of a damaged file when it is read', async () => {
    const location = join(await temporaryFolder(), 'db');
    const store = await openLevelStore(location, { createIfMissing: true });
    await store.write([PUT], { sync: true });
    await store.compact();
    await store.close();
    const tables = (await readdir(location)).filter((name) => name.endsWith('.ldb'));
    expect(tables).toHaveLength(1);
    const file = await open(join(location, tables[0] as string), 'r+');
    // The footer of a table is its last 48 bytes.
    const { size } = await file.stat();
    await file.write(new Uint8Array(48), 0, 48, size - 48);
    await file.close();

    const damaged = await openLevelStore(location, { createIfMissing: false });
    const failure = { code: 'RECORD_DAMAGED' };
    await expect(damaged.get(KEY)).rejects.toMatchObject(failure);
    await expect(damaged.getMany([KEY])).rejects.toMatchObject(failure);
    await expect(damaged.scan({}).next(1)).rejects.toMatchObject(failure);
    await expect(damaged.scan({ keysOnly: true }).next(1)).rejects.toMatchObject(failure);
    await damaged.close();
  });
});

describe('a memory disk', () => {
  test('keeps what was written when it is closed, and is opened by one at a time', async () => {
    const disk = new MemoryDisk();
    const store = await disk.open();
    await expect(disk.open()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await store.write([PUT], { sync: true });
    await store.close();
    expect(contentsOfAll([await (await disk.open()).get(KEY)])).toEqual(['02']);
  });

  test.each(['open', 'closed'])('is copied as it is while %s, and goes its own way then', async (state) => {
    const disk = new MemoryDisk();
    const first = await disk.open();
    await first.write([PUT], { sync: true });
    if (state === 'closed') await first.close();
    const copy = await disk.copy();
    const store = state === 'closed' ? await disk.open() : first;
    await store.write([{ type: 'del', key: KEY }], { sync: true });
    expect(await store.get(KEY)).toBeUndefined();
    expect(contentsOfAll([await (await copy.open()).get(KEY)])).toEqual(['02']);
  });
});
