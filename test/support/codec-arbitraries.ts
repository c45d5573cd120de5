/** Arbitrary rows, entries and damage for the tests of the codecs, and what these share. */

import * as fc from 'fast-check';
import { type Actor, isNodeId, makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { asciiBytes } from '../../src/core/bytes.ts';
import { type FullRow, type Predecessor, type Row, type Sum, SUM_ZERO } from '../../src/core/context.ts';
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
        closed: fc.oneof(
          fc.constant(received),
          fc.integer({ min: birth, max: received }).map((closed) => closed as Version),
        ),
        cloudVersions: beyond.map((cloud) => cloud.toSorted((a, b) => a - b)),
        cloudSum: hashes,
        loose: sums,
        predecessor: predecessors(node, birth),
      })
      .map(({ cloudSum, cloudVersions, ...row }): FullRow => {
        const count = cloudVersions.length;
        return Object.assign(row, {
          cloudVersions,
          cloud: count === 0 ? SUM_ZERO : { count, sum: cloudSum },
        });
      });
  });
}

export const fullRows: fc.Arbitrary<FullRow[]> = fc
  .uniqueArray(
    fc.tuple(nodeIds, versions).chain(([node, birth]) => rowOf(node, birth)),
    { selector: ({ actor }) => actor, maxLength: 12 },
  )
  .map((rows) => rows.toSorted((a, b) => (a.actor < b.actor ? -1 : 1)));

/** The row as digests carry it. */
export function plainRow({ actor, received, closed, cloud, loose, predecessor }: FullRow): Row {
  return { actor, received, closed, cloud, loose, predecessor };
}

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
    .map(([version, before, after, key, body]) => {
      const first = Math.max(birth + 1, version - before) as Version;
      const last = Math.min(VERSION_MAX, version + after) as Version;
      return Object.assign({ actor, version, key, first, last }, body);
    });
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

/** What `decode` gives, or how it refused; any other error is the test's to report. */
export function attempt<T>(decode: () => T): T | MalformedBytes {
  try {
    return decode();
  } catch (error) {
    if (error instanceof MalformedBytes) return error;
    throw error;
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Spaces are for the reader. */
export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}
