/** What a session reads of a snapshot that a test has made. */

import { describe, expect, test } from 'vitest';
import { type Actor, makeActor } from '../../src/core/actor.ts';
import { type FullRow, unknownRow } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { retirementOf } from '../../src/core/retirement.ts';
import { type Version, VERSION_ZERO } from '../../src/core/version.ts';
import { type Read, readByKey, readByVersion } from '../../src/gossip/served-entries.ts';
import type { EntryScan, PinnedState } from '../../src/ports/replica.ts';
import { nodeId } from '../support/codec-arbitraries.ts';
import { text, utf8 } from '../support/replica-fixture.ts';

const GONE = retirementOf(nodeId('gone'));

function actor(node: string, birth: number): Actor {
  return makeActor(nodeId(node), birth as Version, 1);
}

function row(of: Actor, received: number, changes: Partial<FullRow> = {}): FullRow {
  const version = received as Version;
  return { ...unknownRow(of), received: version, closed: version, cloudVersions: [], ...changes };
}

function entry(of: Actor, number: number): Entry {
  const version = number as Version;
  const key = utf8(`${of} ${number}`);
  const alone = { first: version, last: version, tombstone: false, expiresAt: undefined };
  return { key, actor: of, version, value: utf8('v'), ...alone };
}

function scanOf(entries: readonly Entry[]): EntryScan {
  const pages = [entries];
  return {
    next: () => Promise.resolve(pages.pop()),
    lookedAt: VERSION_ZERO,
    close: () => Promise.resolve(),
  };
}

/** With all of `entries`, in whichever order. */
function snapshot(rows: readonly FullRow[], entries: readonly Entry[]): PinnedState {
  return {
    rows,
    byKey: () => scanOf(entries),
    byVersion: (of: Actor, after: Version) =>
      scanOf(entries.filter(({ actor: other, version }) => other === of && version > after)),
  } as unknown as PinnedState;
}

/** Keys of what the puller has not seen. */
async function unseen(reads: AsyncIterable<readonly Read[]>): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of reads)
    for (const read of page) if (read.entry !== undefined && !read.isSeen) keys.push(text(read.entry.key));
  return keys;
}

const keysOf = (entries: readonly Entry[]): string[] => entries.map(({ key }) => text(key));

describe('in the order of keys', () => {
  test('what the puller has received, or has in its cloud, is seen', async () => {
    const of = actor('a', 10);
    const [below, at, above, single] = [20, 30, 31, 35].map((number) => entry(of, number)) as [
      Entry,
      Entry,
      Entry,
      Entry,
    ];
    const pinned = snapshot([row(of, 40)], [below, at, above, single]);
    const puller = row(of, 30, { cloudVersions: [35 as Version] });
    expect(await unseen(readByKey(pinned, [puller], undefined))).toEqual(keysOf([above]));
  });

  test('what is of actors that are the same on both sides is seen', async () => {
    const pinned = snapshot([row(actor('b', 10), 40)], [entry(actor('a', 10), 20)]);
    expect(await unseen(readByKey(pinned, [row(actor('b', 10), 10)], undefined))).toEqual([]);
  });

  test('what is of a node that is gone for ever is not, where the puller has yet to hear of that', async () => {
    const before = entry(actor('gone', 50), 60);
    const others = [entry(actor('gone', 150), 160), entry(actor('a', 50), 60)];
    const pinned = snapshot([row(GONE, 100)], [before, ...others]);
    expect(await unseen(readByKey(pinned, [row(GONE, 0)], undefined))).toEqual(keysOf([before]));
    expect(await unseen(readByKey(pinned, [row(GONE, 100)], undefined))).toEqual([]);
  });

  test('of such a node is seen what was heard of it before', async () => {
    const [known, unknown] = [entry(actor('gone', 50), 55), entry(actor('gone', 50), 56)];
    const later = entry(actor('gone', 57), 58);
    const pinned = snapshot([row(GONE, 100)], [known, unknown, later]);
    expect(await unseen(readByKey(pinned, [row(GONE, 55)], undefined))).toEqual(keysOf([unknown, later]));
  });

  test('what differs of one run of a node says nothing of its other runs', async () => {
    const [asked, other] = [actor('a', 50), actor('a', 40)];
    const news = entry(asked, 70);
    const pinned = snapshot([row(asked, 80)], [news, entry(other, 60)]);
    expect(await unseen(readByKey(pinned, [row(asked, 55)], undefined))).toEqual(keysOf([news]));
  });
});

describe('in the order of versions', () => {
  test('actors of which the puller lacks nothing are passed over, whatever else differs', async () => {
    const [a, b] = [actor('a', 10), actor('b', 10)];
    const loose = { count: 1, sum: 5n };
    const news = entry(b, 31);
    const pinned = snapshot([row(a, 30, { loose }), row(b, 31)], [entry(a, 35), news]);
    const puller = [row(a, 30, { loose, closed: 20 as Version }), row(b, 30)];
    const reads = readByVersion(pinned, puller, { order: 'version', after: undefined });
    expect(await unseen(reads)).toEqual(keysOf([news]));
  });
});
