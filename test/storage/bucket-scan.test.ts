import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { bucketOf, FAN_OUT } from '../../src/core/bucket-tree.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { Snapshot } from '../../src/ports/ordered-store.ts';
import type { KeyDot, PinnedState } from '../../src/ports/replica.ts';
import { hash64, openTestReplica, presentEntries, put, utf8 } from '../support/replica-fixture.ts';

const KEYS = 256;
const fingerprints = new Fingerprints(hash64);

/** Of each scan, whether it read keys only. */
let scans: (boolean | undefined)[];
/** How many records were read one by one, of each read. */
let reads: number[];
let pinned: PinnedState;
let all: KeyDot[];

beforeEach(async () => {
  [scans, reads] = [[], []];
  const disk = await new MemoryDisk().open();
  const noting = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    scan(range) {
      scans.push(range.keysOnly);
      return snapshot.scan(range);
    },
    getMany(keys) {
      reads.push(keys.length);
      return snapshot.getMany(keys);
    },
  });
  const store = { ...disk, snapshot: () => noting(disk.snapshot()) };
  const replica = await openTestReplica({ store });
  await replica.write(Array.from({ length: KEYS }, (_, at) => put(`${1000 + at}`, 'v')));
  all = (await presentEntries(replica)).map(({ key, actor, version }) => ({ key, actor, version }));
  [scans, reads] = [[], []];
  pinned = (await replica.pin([], replica.contextHash())) as PinnedState;
});

/** All dots of so many buckets, beginning with the first one, page by page. */
async function pagesIn(depth: number, buckets: number, after?: Uint8Array): Promise<(readonly KeyDot[])[]> {
  const wanted = new Set(Array.from({ length: buckets }, (_, bucket) => bucket));
  const scan = pinned.dotsIn(depth, wanted, after);
  const pages: (readonly KeyDot[])[] = [];
  for (let page = await scan.next(); page.length > 0; page = await scan.next()) pages.push(page);
  await scan.close();
  return pages;
}

/** What `pagesIn` must give. */
function dotsIn(depth: number, buckets: number): readonly KeyDot[] {
  return all.filter(({ key }) => bucketOf(fingerprints.key(key), depth) < buckets);
}

describe('the dots of some buckets', () => {
  test.each([
    [0, 1, false],
    [1, FAN_OUT, false],
    [2, 4, true],
    [2, 5, false],
    [3, 64, true],
    [3, 65, false],
  ])(
    'are read by their keys where one in 64 is wanted, at most: at depth %i %i',
    async (depth, buckets, isByKeys) => {
      expect((await pagesIn(depth, buckets)).flat()).toEqual(dotsIn(depth, buckets));
      expect(scans).toEqual([isByKeys]);
      // Nothing is asked for where a page of keys has none that is wanted.
      expect(reads.every((keys) => keys > 0)).toBe(true);
      expect(reads.reduce((sum, keys) => sum + keys, 0)).toBe(isByKeys ? dotsIn(depth, buckets).length : 0);
    },
  );

  test('come in pages of 64, or of a page of records more', async () => {
    expect((await pagesIn(0, 1)).map(({ length }) => length)).toEqual([64, 64, 64, 64]);
    const [first = []] = await pagesIn(1, 15);
    expect(first.length).toBeGreaterThan(64);
    expect(first.length).toBeLessThan(128);
  });

  test('begin behind a key', async () => {
    expect((await pagesIn(0, 1, utf8('1254'))).flat()).toEqual(all.slice(-1));
    expect(await pagesIn(0, 1, utf8('1255'))).toEqual([]);
  });
});
