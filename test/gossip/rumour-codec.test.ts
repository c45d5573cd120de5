import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Actor, birthOf, makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { encodePlainRows } from '../../src/core/row-codec.ts';
import type { Version } from '../../src/core/version.ts';
import { checkFeedback } from '../../src/gossip/feedback.ts';
import {
  compareRumours,
  type News,
  packNews,
  RUMOURS_MAX,
  unpackNews,
} from '../../src/gossip/rumour-codec.ts';
import type { Rumour } from '../../src/ports/replica.ts';

const ACTORS = [1000, 2000, 3000].map((birth, at) => makeActor(`n${at}` as NodeId, birth as Version, at));

function batch(actor: Actor, first: number, size: number, prev: number = first - 1): Rumour {
  const last = (first + size - 1) as Version;
  const entries = Array.from({ length: size }, (_, at): Entry => {
    const version = (first + at) as Version;
    const key = new TextEncoder().encode(`key-${version}`);
    const value = new Uint8Array([at & 255]);
    return {
      actor,
      key,
      version,
      first: first as Version,
      last,
      tombstone: false,
      value,
      expiresAt: undefined,
    };
  });
  return { entries, prev: prev as Version, predecessor: undefined };
}

/** So many of one actor, and a mention of its last write. */
function manyNews(count: number): News {
  const [actor] = ACTORS as [Actor];
  const rumours = Array.from({ length: count }, (_, at) => batch(actor, 1001 + at, 1));
  return { rumours, mentions: [{ actor, version: (1001 + count) as Version }] };
}

const unpack = (news: ReturnType<typeof packNews>): News => unpackNews(news, DEFAULT_LIMITS);

const news = fc
  .array(
    fc.record({
      actor: fc.nat({ max: 2 }),
      batches: fc.array(fc.record({ skip: fc.nat({ max: 3 }), size: fc.integer({ min: 1, max: 4 }) }), {
        maxLength: 4,
      }),
      mention: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    }),
    { maxLength: 3 },
  )
  .map((drawn): News => {
    const rumours: Rumour[] = [];
    const mentions: { actor: Actor; version: Version }[] = [];
    const byActor = new Map(drawn.map((one) => [one.actor, one]));
    for (const [at, { batches, mention }] of [...byActor].toSorted(([a], [b]) => a - b)) {
      const actor = ACTORS[at] as Actor;
      let last: number = birthOf(actor);
      for (const { skip, size } of batches) {
        const first = last + skip + 1;
        rumours.push(batch(actor, first, size, last));
        last = first + size - 1;
      }
      if (mention !== undefined) mentions.push({ actor, version: (last + mention) as Version });
    }
    return { rumours, mentions };
  });

describe('news', () => {
  test('come back from their bytes as they were', () => {
    fc.assert(
      fc.property(news, (given) => {
        expect(unpack(packNews(given))).toStrictEqual(given);
      }),
    );
  });

  test('name the predecessor of an actor', () => {
    const [actor] = ACTORS as [Actor];
    const before = makeActor('n0' as NodeId, 10 as Version, 7);
    const predecessor = { actor: before, closed: 500 as Version };
    const given = { rumours: [{ ...batch(actor, 1001, 1), predecessor }], mentions: [] };
    expect(unpack(packNews(given))).toStrictEqual(given);
  });

  test('are ordered by actor, then by version', () => {
    const [a, b] = ACTORS as [Actor, Actor];
    const [one, two, three] = [batch(a, 1001, 1), batch(a, 1005, 2), batch(b, 1, 1)];
    expect([three, two, one].toSorted(compareRumours)).toStrictEqual([one, two, three]);
    expect([one, two, three].toSorted(compareRumours)).toStrictEqual([one, two, three]);
  });

  const [actor] = ACTORS as [Actor];
  const whole = batch(actor, 1001, 2);
  const [opening, closing] = whole.entries as [Entry, Entry];
  const row = (received: number, of: Partial<Row> = {}): Uint8Array =>
    encodePlainRows([
      { ...unknownRow(actor), received: received as Version, closed: received as Version, ...of },
    ]);
  const packed = packNews({ rumours: [whole], mentions: [] });

  test.each<[string, ReturnType<typeof packNews>]>([
    ['without a row', { ...packed, rows: encodePlainRows([]) }],
    ['beyond their row', { ...packed, rows: row(1001) }],
    ['whose row has a past of its own', { ...packed, rows: row(1002, { closed: 1001 as Version }) }],
    ['whose row has a cloud', { ...packed, rows: row(1002, { cloud: { count: 1, sum: 1n } }) }],
    ['whose row has loose dots', { ...packed, rows: row(1002, { loose: { count: 1, sum: 1n } }) }],
    [
      'of a part of a batch',
      packNews({ rumours: [{ ...whole, entries: whole.entries.slice(1) }], mentions: [] }),
    ],
    [
      'of a batch of which each entry says that it begins elsewhere',
      packNews({
        rumours: [{ ...whole, entries: [opening, { ...closing, first: closing.version }] }],
        mentions: [],
      }),
    ],
    ['without a step', { ...packed, steps: new Uint8Array(0) }],
    ['with a step of nothing', { ...packed, steps: new Uint8Array([0]) }],
    ['with a step below the birth', { ...packed, steps: new Uint8Array([2]) }],
    ['with a step too many', { ...packed, steps: new Uint8Array([1, 1]) }],
    [
      'whose steps reach back over the one before',
      packNews({ rumours: [batch(actor, 1001, 1), batch(actor, 1002, 1, 1000)], mentions: [] }),
    ],
    [
      'that are too many',
      packNews({
        rumours: Array.from({ length: RUMOURS_MAX + 1 }, (_, at) => batch(actor, 1001 + at, 1)),
        mentions: [],
      }),
    ],
    ['that are too many with what they mention', packNews(manyNews(RUMOURS_MAX))],
  ])('%s are malformed', (_, bytes) => {
    expect(() => unpack(bytes)).toThrow(MalformedBytes);
  });

  test('are at most 1,024, mentions included', () => {
    const many = manyNews(RUMOURS_MAX - 1);
    expect(unpack(packNews(many))).toStrictEqual(many);
  });

  test('are answered one by one', () => {
    expect(checkFeedback(new Uint8Array([0, 1, 2]), 3)).toStrictEqual([0, 1, 2]);
    expect(() => checkFeedback(new Uint8Array([0, 1]), 3)).toThrow(MalformedBytes);
    expect(() => checkFeedback(new Uint8Array([0, 3]), 2)).toThrow(MalformedBytes);
  });
});
