import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openNode, openStore, type StoreOptions } from '../../src/index.ts';
import { checkStoreOptions } from '../../src/node/options.ts';
import { temporaryDir, temporaryStore } from './temporary-store.ts';

const NAME = 'must have 1 to 64 of the characters A-Z a-z 0-9 . _ -';
const MAX = Number.MAX_SAFE_INTEGER;

/** The field, a bad value of it, what the sentence says of it. */
type BadField = readonly [field: string, value: unknown, what: string];

const BAD: readonly BadField[] = [
  ['nodeId', '', NAME],
  ['nodeId', 'a/b', NAME],
  ['nodeId', 'é', NAME],
  ['nodeId', 'line\n', NAME],
  ['nodeId', 'x'.repeat(65), NAME],
  ['nodeId', 7, NAME],
  ['nodeId', null, NAME],
  ['clusterId', '', NAME],
  ['clusterId', 'a b', NAME],
  ['clusterId', 'x'.repeat(65), NAME],
  ['clusterId', ['a'], NAME],
  ['durability', 'perhaps', "must be 'fsync' or 'os'"],
  ['durability', 'FSYNC', "must be 'fsync' or 'os'"],
  ['durability', true, "must be 'fsync' or 'os'"],
  ['tombstoneTtlMs', 0, `must be an integer from 1 to ${MAX}, not 0`],
  ['tombstoneTtlMs', 2 ** 53, `must be an integer from 1 to ${MAX}, not ${2 ** 53}`],
  ['tombstoneTtlMs', 1.5, `must be an integer from 1 to ${MAX}, not 1.5`],
  ['tombstoneTtlMs', '60000', `must be an integer from 1 to ${MAX}, not "60000"`],
  ['tombstoneTtlMs', null, `must be an integer from 1 to ${MAX}, not null`],
  ['maxDriftMs', 999, 'must be an integer from 1000 to 86400000, not 999'],
  ['maxDriftMs', 86_400_001, 'must be an integer from 1000 to 86400000, not 86400001'],
  ['maxDriftMs', [60_000], 'must be an integer from 1000 to 86400000, not [60000]'],
  ['dotCacheBytes', -1, 'must be an integer from 0 to 4294967296, not -1'],
  ['dotCacheBytes', 2 ** 32 + 1, 'must be an integer from 0 to 4294967296, not 4294967297'],
  ['dotCacheBytes', true, 'must be an integer from 0 to 4294967296, not true'],
  ['limits', 5, 'must be an object'],
  ['limits', 'low', 'must be an object'],
];

/** The same of the fields of `limits`. */
const BAD_LIMITS: readonly BadField[] = [
  ['keyBytesMax', 0, 'must be an integer from 1 to 1024, not 0'],
  ['keyBytesMax', 1025, 'must be an integer from 1 to 1024, not 1025'],
  ['keyBytesMax', '8', 'must be an integer from 1 to 1024, not "8"'],
  ['valueBytesMax', 0, 'must be an integer from 1 to 8388608, not 0'],
  ['valueBytesMax', 2 ** 23 + 1, 'must be an integer from 1 to 8388608, not 8388609'],
  ['batchEntriesMax', 0, 'must be an integer from 1 to 10000, not 0'],
  ['batchEntriesMax', 10_001, 'must be an integer from 1 to 10000, not 10001'],
  ['batchBytesMax', 0.5, 'must be an integer from 1 to 8388608, not 0.5'],
  ['batchBytesMax', 2 ** 23 + 1, 'must be an integer from 1 to 8388608, not 8388609'],
  ['bytesMax', 1, 'is not known; known are keyBytesMax, valueBytesMax, batchEntriesMax, batchBytesMax'],
];

const OPENERS = [
  ['openStore', openStore],
  ['openNode', openNode],
] as const;

describe.each(OPENERS)('%s refuses', (_name, open) => {
  test.each(BAD)('%s: %j with one sentence, and makes no folder', async (field, value, what) => {
    const dir = await temporaryDir();
    const opening = open({ dir, [field]: value });
    await expect(opening).rejects.toMatchObject({
      name: 'BoatoError',
      code: 'INVALID_OPTION',
      message: `The option \`${field}\` ${what}.`,
    });
    expect(existsSync(dir)).toBe(false);
  });

  test.each(BAD_LIMITS)('limits.%s: %j with one sentence', async (field, value, what) => {
    const opening = open({ dir: await temporaryDir(), limits: { [field]: value } });
    await expect(opening).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `The option \`limits.${field}\` ${what}.`,
    });
  });

  test.each([[undefined], [''], [5], [null]])('dir: %j, because it must name a folder', async (dir) => {
    await expect(open({ dir } as unknown as StoreOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'The option `dir` must name a folder.',
    });
  });

  test.each([[undefined], [null], ['data/node']])('%j in place of options', async (options) => {
    await expect(open(options as unknown as StoreOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'The options must be an object with at least `dir`.',
    });
  });

  test('a field that it does not know, and says which it knows', async () => {
    const dir = await temporaryDir();
    await expect(open({ dir, durabilty: 'os' } as StoreOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(
        /^The option `durabilty` is not known; known are dir, .*durability.*\.$/,
      ),
    });
    expect(existsSync(dir)).toBe(false);
  });
});

test('a map alone refuses the options of a node', async () => {
  const dir = await temporaryDir();
  for (const [field, value] of [
    ['peers', []],
    ['listen', '127.0.0.1:0'],
  ] as const) {
    await expect(openStore({ dir, [field]: value })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`\`${field}\` is not known`),
    });
  }
});

test.each([
  ['nodeId', 'a'],
  ['nodeId', 'A-Z.a_z-09'.padEnd(64, 'x')],
  ['clusterId', '0'],
  ['durability', 'os'],
  ['tombstoneTtlMs', 1],
  ['tombstoneTtlMs', MAX],
  ['maxDriftMs', 1000],
  ['maxDriftMs', 86_400_000],
  ['dotCacheBytes', 0],
  ['dotCacheBytes', 2 ** 32],
] as const)('%s: %j is accepted', (field, value) => {
  expect(checkStoreOptions({ dir: 'a', [field]: value })).toMatchObject({ [field]: value });
});

test('limits that are not given are those of the protocol', () => {
  expect(checkStoreOptions({ dir: 'a', limits: { keyBytesMax: 1 } }).limits).toEqual({
    keyBytesMax: 1,
    valueBytesMax: 8_388_608,
    batchEntriesMax: 10_000,
    batchBytesMax: 8_388_608,
  });
});

test('a store with every number at its lowest works', async () => {
  const store = await temporaryStore({ tombstoneTtlMs: 1, maxDriftMs: 1000, dotCacheBytes: 0 });
  await store.put('k', 1);
  await store.put('k', 2);
  expect(await store.get('k')).toBe(2);
  expect(await store.del('k')).toMatchObject({ existed: true });
  expect(await store.count()).toBe(0);
});

test('what is not given is a random name, the cluster `default`, fsync and a day', async () => {
  const status = await (await temporaryStore()).status();
  expect(status).toMatchObject({
    nodeId: expect.stringMatching(/^node-[0-9a-f]{8}$/),
    clusterId: 'default',
    durability: 'fsync',
    tombstoneTtlMs: 86_400_000,
  });
});
