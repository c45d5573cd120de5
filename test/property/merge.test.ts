import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Row, Sum } from '../../src/core/context.ts';
import { compareDots, type Entry } from '../../src/core/entry.ts';
import { addSum, Fingerprints } from '../../src/core/fingerprint.ts';
import { type Version, VERSION_ZERO, versionAt } from '../../src/core/version.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { expectInvariants } from '../support/invariants.ts';
import { pull } from '../support/pull.ts';
import { del, hash64, openTestReplica, presentEntries, put, text, utf8 } from '../support/replica-fixture.ts';

const START_MS = Date.UTC(2026, 0, 1);
const BIRTH = versionAt(START_MS);
const ACTORS: readonly Actor[] = ['a', 'ab', 'b'].map((name) => makeActor(name as NodeId, BIRTH, 7));
/** Few, so that entries meet; one is the beginning of another. */
const KEYS = ['k', 'kk', 'é', '\u{10000}'];
/** More than the cache has room for. */
const RARE_KEYS = Array.from({ length: 16 }, (_, index) => `rare${index}`);
const NO_BYTES = new Uint8Array(0);
/** The smallest cache there is: most lookups go to the disk. */
const DOT_CACHE_BYTES = 160;

const fingerprints = new Fingerprints(hash64);

type Kind = 'value' | 'large' | 'tombstone' | 'expiring';

const keys = fc.oneof(fc.constantFrom(...KEYS), fc.constantFrom(...RARE_KEYS));
const kinds = fc.constantFrom<Kind[]>('value', 'value', 'tombstone', 'expiring', 'large');

/** One batch of an actor: distinct keys and what becomes of them. */
const batches = fc.array(
  fc.uniqueArray(fc.tuple(keys, kinds), {
    minLength: 1,
    maxLength: 3,
    selector: ([key]) => key,
  }),
  { maxLength: 4 },
);

/** What each actor wrote; the actors' versions are the same, so that dots tie. */
const worlds: fc.Arbitrary<Entry[]> = fc
  .tuple(...ACTORS.map(() => batches))
  .map((batchesByActor) => batchesByActor.flatMap((some, index) => entriesOf(ACTORS[index] as Actor, some)));

function entriesOf(actor: Actor, written: readonly (readonly (readonly [string, Kind])[])[]): Entry[] {
  const entries: Entry[] = [];
  let last: Version = BIRTH;
  for (const batch of written) {
    const first = (last + 1) as Version;
    last = (last + batch.length) as Version;
    for (const [index, [key, kind]] of batch.entries()) {
      const version = (first + index) as Version;
      const content = `${actor} ${version} `;
      entries.push({
        actor,
        version,
        first,
        last,
        key: utf8(key),
        tombstone: kind === 'tombstone',
        value: kind === 'tombstone' ? NO_BYTES : utf8(content.repeat(kind === 'large' ? 200 : 1)),
        expiresAt: kind === 'expiring' ? START_MS + version - BIRTH : undefined,
      });
    }
  }
  return entries;
}

/** What arrives in one commit group from each of some peers, at the same moment. */
type Moment = readonly (readonly Entry[])[];

interface Delivery {
  readonly moments: readonly Moment[];
  /** After how many moments the node is started anew, and its index compacted. */
  readonly restartAfter: number;
  readonly compactAfter: number;
}

/** Every entry at least once, some twice or three times, in any order, in chunks of any size. */
function deliveries(entries: readonly Entry[]): fc.Arbitrary<Delivery> {
  const repeated = fc.tuple(fc.subarray([...entries]), fc.subarray([...entries]));
  return repeated
    .chain(([twice, thrice]) => {
      const arriving = [...entries, ...twice, ...thrice];
      return fc.record({
        order: fc.shuffledSubarray(arriving, { minLength: arriving.length }),
        sizes: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 8 }),
        peersAtOnce: fc.integer({ min: 1, max: 3 }),
        restartAfter: fc.nat({ max: 8 }),
        compactAfter: fc.nat({ max: 8 }),
      });
    })
    .map(({ order, sizes, peersAtOnce, restartAfter, compactAfter }) => {
      const chunks = cut(order, sizes);
      const moments = cut(chunks, [peersAtOnce]);
      return { moments, restartAfter, compactAfter };
    });
}

/** `items` in groups of the sizes, in turn. A size of 0 gives an empty group before one of a single item. */
function cut<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  const groups: T[][] = [];
  for (let at = 0, turn = 0; at < items.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    if (size === 0) groups.push([]);
    groups.push(items.slice(at, at + Math.max(1, size)));
    at += Math.max(1, size);
  }
  return groups;
}

/** Worlds with two ways in which they arrive. */
const deliveredTwice: fc.Arbitrary<{ entries: Entry[]; one: Delivery; other: Delivery }> = worlds.chain(
  (entries) =>
    fc.record({ entries: fc.constant(entries), one: deliveries(entries), other: deliveries(entries) }),
);

/** Stores one chunk as the first of a session that claims nothing. */
async function storeChunk(replica: StoredReplica, peer: string, entries: readonly Entry[]): Promise<void> {
  const session = {
    peer: peer as NodeId,
    name: '00'.repeat(16),
    order: 'version' as const,
    rows: [],
    horizon: VERSION_ZERO,
    serverBootstrapping: false,
    serverEntries: 0,
    openedAt: 0 as Version,
    epoch: 0,
  };
  await replica.storeChunk({ peer: session.peer, session, entries, bytes: entries.length, cursor: NO_BYTES });
}

async function deliver({ moments, restartAfter, compactAfter }: Delivery): Promise<StoredReplica> {
  const disk = new MemoryDisk();
  const clock = new SimulatedClock(START_MS);
  const options = { nodeId: 'n', disk, clock, dotCacheBytes: DOT_CACHE_BYTES };
  let replica = await openTestReplica(options);
  for (const [index, chunks] of moments.entries()) {
    if (index === restartAfter) {
      await replica.close();
      replica = await openTestReplica(options);
    }
    if (index === compactAfter) await replica.compact();
    await Promise.all(chunks.map((entries, peer) => storeChunk(replica, `peer${peer}`, entries)));
  }
  return replica;
}

/** What a replica holds and has seen; all of it is compared. */
interface Outcome {
  readonly entries: readonly Entry[];
  readonly all: Sum;
  readonly permanent: Sum;
  readonly contextHash: bigint;
  readonly rows: readonly Row[];
}

async function outcomeOf(replica: StoredReplica): Promise<Outcome> {
  const { all, permanent } = replica.state;
  const rows = replica.rows().toSorted((a, b) => (a.actor < b.actor ? -1 : 1));
  return { entries: await presentEntries(replica), all, permanent, contextHash: replica.contextHash(), rows };
}

/** The obvious merge: of each key the entry that no other one of the key beats. */
function winnersOf(entries: readonly Entry[]): Entry[] {
  const isWinner = (entry: Entry): boolean =>
    entries.every((other) => text(other.key) !== text(entry.key) || compareDots(entry, other) >= 0);
  return entries.filter(isWinner).toSorted((a, b) => Buffer.compare(a.key, b.key));
}

function sumOf(entries: readonly Entry[]): Sum {
  return entries
    .map(({ actor, version, key }) => fingerprints.entry(actor, version, key))
    .reduce(addSum, { count: 0, sum: 0n });
}

describe('entries that arrive', () => {
  test('in any order, in any chunks, from any peers, any number of times, leave the same behind', async () => {
    await fc.assert(
      fc.asyncProperty(deliveredTwice, async ({ entries, one, other }) => {
        const outcome = await outcomeOf(await deliver(one));
        expect(await outcomeOf(await deliver(other))).toEqual(outcome);
        const winners = winnersOf(entries);
        expect(outcome.entries).toEqual(winners);
        expect(outcome.all).toEqual(sumOf(winners));
        const permanent = winners.filter((entry) => !entry.tombstone && entry.expiresAt === undefined);
        expect(outcome.permanent).toEqual(sumOf(permanent));
      }),
      { numRuns: 35 },
    );
  });

  test('are all seen afterwards: the winners loose, the losers in the cloud', async () => {
    const delivered = worlds.chain((entries) => fc.tuple(fc.constant(entries), deliveries(entries)));
    await fc.assert(
      fc.asyncProperty(delivered, async ([entries, delivery]) => {
        const replica = await deliver(delivery);
        await expectInvariants(replica, entries);
        const winners = winnersOf(entries);
        const { rows } = await replica.pullerState(ACTORS);
        for (const { actor, cloudVersions, loose } of rows) {
          const own = entries.filter((entry) => entry.actor === actor);
          const lost = own.filter((entry) => !winners.includes(entry));
          expect(cloudVersions).toEqual(lost.map(({ version }) => version));
          expect(loose.count).toBe(own.length - lost.length);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('again change nothing at all', async () => {
    const repeated = worlds.chain((entries) =>
      fc.record({ delivery: deliveries(entries), again: fc.shuffledSubarray(entries) }),
    );
    await fc.assert(
      fc.asyncProperty(repeated, async ({ delivery, again }) => {
        const replica = await deliver(delivery);
        const before = await outcomeOf(replica);
        const { cloudDots, looseDots } = replica.counts;
        await storeChunk(replica, 'late', again);
        expect(await outcomeOf(replica)).toEqual(before);
        expect(replica.counts).toMatchObject({ cloudDots, looseDots });
      }),
      { numRuns: 20 },
    );
  });
});

test('an entry whose deletion was collected does not come back, whoever sends it again', async () => {
  const ownKeys = fc.uniqueArray(fc.constantFrom(...KEYS, ...RARE_KEYS), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(ownKeys, fc.boolean(), async (names, fresh) => {
      const clock = new SimulatedClock(START_MS);
      const disk = new MemoryDisk();
      const options = { nodeId: 'n', disk, clock, dotCacheBytes: DOT_CACHE_BYTES };
      let replica = await openTestReplica(options);
      await replica.write(names.map((name) => put(name, 'old')));
      const old = await presentEntries(replica);
      await replica.write(names.map(del));
      const tombstones = await presentEntries(replica);
      await clock.advance(20_000);
      expect(await replica.collect()).toEqual({ collected: names.length, kept: 0 });
      if (fresh) {
        await replica.close();
        replica = await openTestReplica(options);
      }
      const before = await outcomeOf(replica);
      expect(before.entries).toEqual([]);
      await storeChunk(replica, 'peer', [...old, ...tombstones]);
      expect(await outcomeOf(replica)).toEqual(before);
    }),
    { numRuns: 20 },
  );
});

/** A replica that holds some of the world, and wrote on top of it. */
interface Part {
  readonly name: string;
  readonly delivery: Delivery;
  readonly ownKeys: readonly string[];
}

/** Three nodes with parts of one world, which overlap. */
const parts: fc.Arbitrary<readonly [Part, Part, Part]> = worlds.chain((entries) => {
  const part = (name: string): fc.Arbitrary<Part> =>
    fc.record({
      name: fc.constant(name),
      delivery: fc.subarray(entries).chain(deliveries),
      ownKeys: fc.array(fc.constantFrom(...KEYS), { maxLength: 2 }),
    });
  return fc.tuple(part('x'), part('y'), part('z'));
});

/** The same replica each time. */
async function make({ name, delivery, ownKeys }: Part): Promise<StoredReplica> {
  const disk = new MemoryDisk();
  const clock = new SimulatedClock(START_MS);
  const options = { nodeId: name, disk, clock, dotCacheBytes: DOT_CACHE_BYTES };
  const replica = await openTestReplica(options);
  for (const chunks of delivery.moments) {
    await Promise.all(chunks.map((entries, peer) => storeChunk(replica, `peer${peer}`, entries)));
  }
  for (const [index, key] of ownKeys.entries()) await replica.write([put(key, `${name} ${index}`)]);
  await expectInvariants(replica, delivery.moments.flat(2));
  return replica;
}

/** `into` with all that `from` holds and has seen: a whole session, and its adoption. */
async function merged(into: StoredReplica, from: StoredReplica): Promise<StoredReplica> {
  expect(await pull(into, from)).toBe('adopted');
  return into;
}

describe('merging replicas by whole sessions', () => {
  test('is commutative: both come to the same, whoever pulls', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async ([x, y]) => {
        const xy = await merged(await make(x), await make(y));
        const yx = await merged(await make(y), await make(x));
        expect(await outcomeOf(xy)).toEqual(await outcomeOf(yx));
        const written = [x, y].flatMap(({ delivery }) => delivery.moments.flat(2));
        await expectInvariants(xy, written);
      }),
      { numRuns: 20 },
    );
  });

  test('is associative: it does not matter who met before', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async ([x, y, z]) => {
        const left = await merged(await merged(await make(x), await make(y)), await make(z));
        const right = await merged(await make(x), await merged(await make(y), await make(z)));
        expect(await outcomeOf(left)).toEqual(await outcomeOf(right));
      }),
      { numRuns: 20 },
    );
  });

  test('is idempotent: the second session brings nothing', async () => {
    await fc.assert(
      fc.asyncProperty(parts, async ([x, y]) => {
        const server = await make(y);
        const xy = await merged(await make(x), server);
        const once = await outcomeOf(xy);
        expect(await outcomeOf(await merged(xy, server))).toEqual(once);
        expect(await outcomeOf(await merged(server, xy))).toEqual(once);
        expect(await outcomeOf(await merged(xy, server))).toEqual(once);
      }),
      { numRuns: 20 },
    );
  });
});
