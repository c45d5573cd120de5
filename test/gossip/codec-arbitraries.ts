/** Arbitrary rows, entries and damage for the tests of the codecs. */

import fc from 'fast-check';
import { type Actor, isNodeId, makeActor, type NodeId } from '../../src/core/actor.ts';
import { asciiBytes } from '../../src/core/bytes.ts';
import { type FullRow, type Predecessor, type Sum, SUM_ZERO } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { VERSION_MAX, type Version } from '../../src/core/version.ts';

export const HASH_MAX = 0xffff_ffff_ffff_ffffn;

export function nodeId(name: string): NodeId {
  if (!isNodeId(name)) throw new Error(`${name} is not the name of a node`);
  return name;
}

export const hashes: fc.Arbitrary<bigint> = fc.bigInt({ min: 0n, max: HASH_MAX });

/** Few, alike, some the prefix of another; one as long as can be. */
export const nodeIds: fc.Arbitrary<NodeId> = fc
  .constantFrom('a', 'ab', 'a-b', 'a.b', 'a_b', 'A0', 'node-1', 'n'.repeat(64))
  .map(nodeId);

export const versions: fc.Arbitrary<Version> = versionsFrom(0);

/** From `min` on: close to it, as clocks make them, or anywhere. */
export function versionsFrom(min: number): fc.Arbitrary<Version> {
  const close = fc.integer({ min, max: Math.min(min + 300, VERSION_MAX) });
  return fc.oneof(close, fc.integer({ min, max: VERSION_MAX })).map((version) => version as Version);
}

const randoms = fc.integer({ min: 0, max: 0xffff_ffff });

export const actors: fc.Arbitrary<Actor> = fc
  .tuple(nodeIds, versions, randoms)
  .map(([node, birth, random]) => makeActor(node, birth, random));

const sums: fc.Arbitrary<Sum> = fc.oneof(
  fc.constant(SUM_ZERO),
  fc.record({ count: fc.integer({ min: 1, max: VERSION_MAX }), sum: hashes }),
);

function predecessors(node: NodeId, birth: Version): fc.Arbitrary<Predecessor | undefined> {
  if (birth === 0) return fc.constant(undefined);
  const earlier = fc.integer({ min: 0, max: birth - 1 }).chain((previousBirth) =>
    fc.record({
      actor: randoms.map((random) => makeActor(node, previousBirth as Version, random)),
      closed: versionsFrom(previousBirth),
    }),
  );
  return fc.option(earlier, { nil: undefined });
}

function rowOf(node: NodeId, birth: Version): fc.Arbitrary<FullRow> {
  return versionsFrom(birth).chain((received) => {
    const beyond =
      received === VERSION_MAX
        ? fc.constant([])
        : fc.uniqueArray(versionsFrom(received + 1), { maxLength: 20 });
    return fc
      .record({
        actor: randoms.map((random) => makeActor(node, birth, random)),
        received: fc.constant(received),
        closed: fc.oneof(fc.constant(received), fc.integer({ min: birth, max: received })),
        cloudVersions: beyond.map((cloud) => cloud.toSorted((a, b) => a - b)),
        cloudSum: hashes,
        loose: sums,
        predecessor: predecessors(node, birth),
      })
      .map(({ cloudSum, closed, ...row }) => {
        const count = row.cloudVersions.length;
        return {
          ...row,
          closed: closed as Version,
          cloud: count === 0 ? SUM_ZERO : { count, sum: cloudSum },
        };
      });
  });
}

export const fullRows: fc.Arbitrary<FullRow[]> = fc
  .uniqueArray(
    fc.tuple(nodeIds, versions).chain(([node, birth]) => rowOf(node, birth)),
    { selector: ({ actor }) => actor, maxLength: 12 },
  )
  .map((rows) => rows.toSorted((a, b) => (a.actor < b.actor ? -1 : 1)));

const keys: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.integer({ min: 0, max: 99_999 }).map((number) => asciiBytes(`user/${String(number).padStart(5, '0')}`)),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }).map((text) => new TextEncoder().encode(text)),
);

const bodies: fc.Arbitrary<Pick<Entry, 'tombstone' | 'value' | 'expiresAt'>> = fc.oneof(
  fc.constant({ tombstone: true, value: new Uint8Array(0), expiresAt: undefined }),
  fc.record({
    tombstone: fc.constant(false),
    value: fc.uint8Array({ maxLength: 300 }),
    expiresAt: fc.option(fc.maxSafeNat(), { nil: undefined }),
  }),
);

/** Batches have fewer entries than this. */
export const BATCH_ENTRIES_MAX = 50;

function entryOf(actor: Actor, birth: Version): fc.Arbitrary<Entry> {
  const offsets = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 24 }));
  return fc
    .tuple(versionsFrom(birth + 1), offsets, offsets, keys, bodies)
    .map(([version, before, after, key, body]) => ({
      actor,
      version,
      key,
      first: Math.max(birth + 1, version - before) as Version,
      last: Math.min(VERSION_MAX, version + after) as Version,
      ...body,
    }));
}

/** In any order, as no session would send them. */
export const entryLists: fc.Arbitrary<Entry[]> = fc
  .array(fc.tuple(nodeIds, fc.integer({ min: 0, max: VERSION_MAX - 1 })), { minLength: 1, maxLength: 5 })
  .chain((births) => {
    const some = births.map(([node, birth]) =>
      entryOf(makeActor(node, birth as Version, 7), birth as Version),
    );
    return fc.uniqueArray(fc.oneof(...some), {
      selector: ({ actor, version }) => `${actor} ${version}`,
      maxLength: 40,
    });
  });

/** What a fault, or malice, makes of `bytes`. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const position = fc.nat({ max: bytes.length });
  const overwritten = fc.tuple(position, fc.nat({ max: 255 })).map(([at, byte]) => {
    const copy = Uint8Array.from(bytes);
    if (at < copy.length) copy[at] = byte;
    return copy;
  });
  const spliced = fc
    .tuple(position, fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 8 }))
    .map(([at, cut, insert]) =>
      Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + cut)]),
    );
  const shortened = position.map((end) => bytes.slice(0, end));
  return fc.oneof(overwritten, spliced, shortened);
}
