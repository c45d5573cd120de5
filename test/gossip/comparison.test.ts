import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { assert } from '../../src/core/assert.ts';
import { FAN_OUT } from '../../src/core/bucket-tree.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { receivedVersionMax } from '../../src/core/drift.ts';
import type { Entry } from '../../src/core/entry.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { CHUNK_BYTES, ChunkPacker, unpackChunk } from '../../src/gossip/chunk.ts';
import { Comparison } from '../../src/gossip/comparison.ts';
import { packDots, SUMS_NODES_MAX, unpackDots } from '../../src/gossip/comparison-lists.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import type { Opened } from '../../src/gossip/session-messages.ts';
import { ServedComparison } from '../../src/gossip/served-comparison.ts';
import { failureOf } from '../../src/gossip/serving-failure.ts';
import type { SessionPeer } from '../../src/gossip/session-peer.ts';
import type { KeyDot, NewSession, PinnedState } from '../../src/ports/replica.ts';
import { entryKey } from '../../src/storage/keyspace.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import {
  GossipCluster,
  putMany,
  SESSION_TIMEOUT_MS as CLUSTER_TIMEOUT_MS,
  summarize,
  type TestNode,
} from '../support/gossip-fixture.ts';
import { pull } from '../support/pull.ts';
import {
  contents,
  del,
  openTestReplica,
  presentEntries,
  put,
  text,
  utf8,
} from '../support/replica-fixture.ts';
import {
  allActors,
  makePair,
  MAX_DRIFT_MS,
  type Pair,
  pullDependencies,
  SESSION_TIMEOUT_MS,
} from './session-fixture.ts';

const TTL_MS = 20_000;
const NO_BYTES = new Uint8Array(0);

let clock: SimulatedClock;
let seed: number;

beforeEach(() => {
  clock = new SimulatedClock();
  seed = 0;
});

function open(nodeId: string, disk: MemoryDisk = new MemoryDisk()): Promise<StoredReplica> {
  const random = createSeededRandom(++seed);
  return openTestReplica({ nodeId, clock, disk, random, tombstoneTtlMs: TTL_MS, maxDriftMs: MAX_DRIFT_MS });
}

/** Both hold the same 300 keys: a tree of two levels. */
async function same(): Promise<Pair> {
  const server = await open('s');
  await server.write(putMany(300));
  const puller = await open('p');
  await pull(puller, server);
  return makePair(puller, server, clock);
}

/** A node that holds what `source` does, but for keys that vanished from its disk while it was down. */
async function damagedCopy(source: StoredReplica, ...keys: string[]): Promise<StoredReplica> {
  const disk = new MemoryDisk();
  const sound = await open('q', disk);
  await pull(sound, source);
  await sound.close();
  const store = await disk.open();
  for (const key of keys) await store.write([{ type: 'del', key: entryKey(utf8(key)) }], { sync: true });
  await store.close();
  return open('q', disk);
}

function changing<T extends Reply['type']>(
  pair: Pair,
  type: T,
  change: (reply: Extract<Reply, { type: T }>) => Reply,
): void {
  pair.peer.change = (reply) => (reply.type === type ? change(reply as Extract<Reply, { type: T }>) : reply);
}

describe('a comparison', () => {
  test('of nodes that hold the same asks for sixteen sums, and for nothing else', async () => {
    const pair = await same();
    expect(await pair.begin(true).run()).toBe('adopted');
    expect(pair.peer.asked).toEqual(['open', 'compare', 'sums', 'done']);
  });

  test('of two empty nodes comes to its end', async () => {
    const pair = makePair(await open('p'), await open('s'), clock);
    expect(await pair.begin(true).run()).toBe('adopted');
  });

  test('brings what is missing here, and drops what was deleted and collected there', async () => {
    const pair = await same();
    await pair.puller.write([put('mine', '1')]);
    await pair.server.write([put('new', '1'), del('key-0007')]);
    await clock.advance(TTL_MS);
    expect(await pair.server.collect()).toEqual({ collected: 1, kept: 0 });
    const session = pair.begin(true);
    expect(await session.run()).toBe('adopted');
    expect(session.compared).toEqual({ read: 301, total: 301, settled: 3, taken: 1, dropped: 1, kept: 1 });
    expect(pair.sessions.kept.sentTo(pair.puller.nodeId)).toBe(1);
    const { mine, ...others } = await contents(pair.puller);
    expect(mine).toBe('1');
    expect(others).toEqual(await contents(pair.server));
    expect(pair.puller.state.horizon).toBe(pair.server.state.horizon);
  });

  test('settles so many keys a step as are wanted, and adopts after the last of them only', async () => {
    const pair = await same();
    for (const key of ['a', 'b', 'c']) await pair.server.write([put(key, '1')]);
    const session = pair.begin(true);
    const before = pair.puller.contextHash();
    expect(await session.step({ keys: 2 })).toBe('more');
    expect(pair.puller.contextHash()).toBe(before);
    expect(await session.step({ keys: 2 })).toBe('more');
    expect(pair.puller.state.all.count).toBe(302);
    expect(pair.puller.contextHash()).not.toBe(pair.server.contextHash());
    expect(await session.step({ keys: 2 })).toBe('adopted');
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
    expect(await session.step()).toBe('void');
  });

  test('brings the entries of a batch together, wherever their keys lie', async () => {
    const pair = await same();
    await pair.server.write([put('a', '1'), put('m', '1'), put('z', '1')]);
    await pair.server.write([put('m', '2')]);
    const session = pair.begin(true);
    expect(await session.step({ keys: 1 })).toBe('more');
    expect(await session.step({ keys: 1 })).toBe('more');
    const { a, m, z } = await contents(pair.puller);
    expect({ a, m, z }).toEqual({ a: '1', m: undefined, z: '1' });
    expect(await session.run()).toBe('adopted');
    expect((await contents(pair.puller))['m']).toBe('2');
  });

  test('settles no more at once than comes in one reply, however large the batches are, and fetches nothing twice', async () => {
    const pair = await same();
    const [batches, size] = [20, 100];
    for (let batch = 0; batch < batches; batch++)
      // In the order of keys, neighbours are of different batches.
      await pair.server.write(
        Array.from({ length: size }, (_, index) =>
          put(`${String(index).padStart(3, '0')}/${batch}`, 'x'.repeat(1000)),
        ),
      );
    let fetched = 0;
    changing(pair, 'fetch-reply', (reply) => {
      fetched += unpackChunk(reply.entries, DEFAULT_LIMITS).length;
      return reply;
    });
    const session = pair.begin(true);
    let before = 300;
    for (let step = await session.step(); step === 'more'; step = await session.step()) {
      const { count } = pair.puller.state.all;
      expect(count - before).toBeLessThanOrEqual(CHUNK_BYTES / 1000 + size);
      before = count;
    }
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
    expect(before).toBe(300 + batches * size);
    expect(fetched).toBe(batches * size);
    // Each key once, though what is found at once comes in several replies.
    expect(session.compared).toMatchObject({ settled: batches * size, taken: batches * size });
  });

  test('finds that two wrote one key at the same version', async () => {
    const pair = await same();
    await pair.puller.write([put('k', 'before')]);
    await clock.advance(10);
    await pair.puller.write([put('k', 'of the puller')]);
    await pair.server.write([put('k', 'of the server')]);
    const versionOf = async (replica: StoredReplica): Promise<number | undefined> =>
      (await presentEntries(replica)).find(({ key }) => text(key) === 'k')?.version;
    expect(await versionOf(pair.server)).toBe(await versionOf(pair.puller));
    expect(await pair.begin(true).run()).toBe('adopted');
    // The name of the later actor is the greater one.
    expect((await contents(pair.puller))['k']).toBe('of the server');
  });

  test('follows a delta that came too late to be adopted, on the same snapshot', async () => {
    const pair = await same();
    await pair.server.write([del('key-0007'), put('new', '1')]);
    await clock.advance(TTL_MS);
    await pair.server.collect();
    expect(await pair.begin().run()).toBe('adopted');
    expect(pair.peer.asked).toEqual(['open', 'compare', 'sums', 'sums', 'list', 'done']);
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
    expect(await contents(pair.puller)).toEqual(await contents(pair.server));
  });

  test('lets own writes go on, and lets them stand', async () => {
    const pair = await same();
    await pair.server.write([put('key-0001', 'theirs'), put('key-0002', 'theirs')]);
    const session = pair.begin(true);
    await session.step({ keys: 1 });
    await clock.advance(10);
    await pair.puller.write([put('key-0001', 'mine'), put('key-0150', 'mine')]);
    expect(await session.run()).toBe('adopted');
    const held = await contents(pair.puller);
    expect(held).toMatchObject({ 'key-0001': 'mine', 'key-0002': 'theirs', 'key-0150': 'mine' });
  });

  test('answers from the snapshot, whatever the server writes meanwhile', async () => {
    const pair = await same();
    await pair.server.write([put('new', '1')]);
    const session = pair.begin(true);
    await session.step({ keys: 1 });
    await pair.server.write([put('new', '2'), put('newer', '1'), del('key-0001')]);
    expect(await session.run()).toBe('adopted');
    const { new: taken, newer, 'key-0001': kept } = await contents(pair.puller);
    expect({ taken, newer, kept }).toEqual({ taken: '1', newer: undefined, kept: 'value' });
  });

  test.each([
    ['written one by one', false],
    ['written in one batch of more than a page', true],
  ])('lists in pages where there is much to list, and fetches in parts: keys %s', async (_, isBatch) => {
    const pair = makePair(await open('p'), await open('s'), clock);
    const long = Array.from({ length: 400 }, (__, at) =>
      put(`${at * 7919}-`.padEnd(1000, 'k'), 'v'.repeat(3000)),
    );
    const groups = isBatch ? [long] : long.map((write) => [write]);
    for (const group of groups) await pair.server.write(group);
    expect(await pair.begin(true).run()).toBe('adopted');
    const count = (type: string): number => pair.peer.asked.filter((asked) => asked === type).length;
    expect(count('list')).toBe(7);
    // A batch comes whole and once, whatever its size.
    expect(count('fetch')).toBe(isBatch ? 1 : 7);
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
    expect(pair.puller.state.permanent).toEqual(pair.server.state.permanent);
  });
});

describe('a comparison that breaks off', () => {
  test('claims nothing, and is not resumed; another one finds what was settled equal', async () => {
    const pair = await same();
    for (const key of ['a', 'b', 'c']) await pair.server.write([put(key, '1')]);
    const session = pair.begin(true);
    await session.step();
    await session.step({ keys: 1 });
    pair.peer.change = () => {
      throw new BoatoError('PEER_UNREACHABLE', 'The connection ended.');
    };
    await expect(session.run()).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(await session.step()).toBe('void');
    expect(await pair.resume()).toBeUndefined();
    expect(pair.puller.state.all.count).toBe(301);

    pair.peer.change = (reply) => reply;
    const again = pair.begin(true);
    expect(await again.run()).toBe('adopted');
    expect(again.compared).toMatchObject({ taken: 2, dropped: 0, kept: 0 });
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
  });

  test.each<[string, (pair: Pair) => Promise<void>]>([
    ['the server lost the session', () => clock.advance(SESSION_TIMEOUT_MS)],
    ['the server gave up its context', ({ server }) => server.giveUp('a test wants it')],
    ['this node gave up its context', ({ puller }) => puller.giveUp('a test wants it')],
  ])('because %s is void', async (_, happen) => {
    const pair = await same();
    await pair.server.write([put('a', '1')]);
    const session = pair.begin(true);
    await session.step();
    await happen(pair);
    expect(await session.step()).toBe('void');
    expect(pair.puller.state.all.count).toBe(300);
    expect(await pair.begin(true).run()).toBe('adopted');
  });
});

describe('a fold that does not add up', () => {
  test('shows that this node is damaged: it gives up, and is healed by the next comparison', async () => {
    const { server } = await same();
    const damaged = await damagedCopy(server, 'key-0042');
    const pair = makePair(damaged, server, clock);
    expect(await pair.begin(true).run()).toBe('damaged');
    expect(damaged.isHealing()).toBe(true);
    expect(pair.peer.asked.at(-1)).toBe('done');
    expect(await pair.begin(true).run()).toBe('adopted');
    expect(await contents(damaged)).toEqual(await contents(server));
    expect(damaged.contextHash()).toBe(server.contextHash());
  });

  test('shows that the server is damaged: it gives up, and serves the next one from what it has', async () => {
    const { puller } = await same();
    const damaged = await damagedCopy(puller, 'key-0042');
    const pair = makePair(puller, damaged, clock);
    const session = pair.begin(true);
    expect(await session.run()).toBe('not-serving');
    expect(session.reason).toBe('its entries do not add up to their sum');
    expect(damaged.isHealing()).toBe(true);
    const before = await contents(puller);
    expect(await pair.begin(true).run()).toBe('adopted');
    expect(await contents(puller)).toEqual(before);
    expect(await makePair(damaged, puller, clock).begin(true).run()).toBe('adopted');
    expect(await contents(damaged)).toEqual(before);
  });

  test('makes a node give up once, though it is found in two sessions at once', async () => {
    const { puller } = await same();
    const damaged = await damagedCopy(puller, 'key-0042');
    const pair = makePair(puller, damaged, clock);
    const { epoch } = damaged;
    const sessions = [await openAt(pair), await openAt(pair)];
    const answers = sessions.map(({ session }) =>
      pair.sessions.compare(puller.nodeId, { type: 'compare', request: 1, session, depth: 1 }, () => {}),
    );
    const outcomes = await Promise.allSettled(answers);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(damaged.epoch).toBe(epoch + 1);
  });

  test('changes nothing any more where this node has given up since the fold began', async () => {
    const { server } = await same();
    const damaged = await damagedCopy(server, 'key-0042');
    const pair = makePair(damaged, server, clock);
    const { epoch } = damaged;
    pair.peer.change = (reply) => {
      if (reply.type === 'compared') void damaged.giveUp('a test wants it');
      return reply;
    };
    expect(await pair.begin(true).run()).toBe('damaged');
    expect(damaged.epoch).toBe(epoch + 1);
  });
});

/** The server adopted what a damaged node had claimed, without having it; its sums are sound. */
async function lossyPair(...lost: string[]): Promise<Pair> {
  const { puller } = await same();
  const lossy = await open('l');
  expect(await pull(lossy, await damagedCopy(puller, ...lost), 'key')).toBe('adopted');
  return makePair(puller, lossy, clock);
}

describe('an entry that nothing explains', () => {
  test('is told to the server, which looks again, and gives up its context', async () => {
    const pair = await lossyPair('key-0042');
    const before = pair.puller.contextHash();
    expect(pair.server.contextHash()).toBe(before);
    expect(await pair.begin(true).run()).toBe('lossy');
    await settle();
    expect(pair.peer.asked.at(-1)).toBe('lost');
    expect(pair.puller.contextHash()).toBe(before);
    expect((await contents(pair.puller))['key-0042']).toBe('value');
    expect(pair.server.isHealing()).toBe(true);

    expect(await makePair(pair.server, pair.puller, clock).begin(true).run()).toBe('adopted');
    expect(await contents(pair.server)).toEqual(await contents(pair.puller));
  });

  test('is told of a hundred of them at most', async () => {
    const lost = Array.from({ length: 120 }, (_, at) => `key-${String(at).padStart(4, '0')}`);
    const pair = await lossyPair(...lost);
    const session = pair.begin(true);
    let step = await session.step({ keys: 60 });
    while (step === 'more') step = await session.step({ keys: 60 });
    expect(step).toBe('lossy');
    const told = pair.peer.notices.find((notice) => notice.type === 'lost');
    assert(told !== undefined, 'it is told');
    expect(unpackDots(told.dots, DEFAULT_LIMITS)).toHaveLength(100);
  });

  test('is lost where only an older one is under its key, if the horizon does not reach up to it', async () => {
    const { puller } = await same();
    const [here] = (await presentEntries(puller)) as [Entry];
    const lostAt = (dotVersion: number, horizon: number): Promise<readonly KeyDot[]> => {
      const pinned = { getMany: () => Promise.resolve([here]), horizon } as unknown as PinnedState;
      const dot = { ...here, version: dotVersion as Entry['version'] };
      return new ServedComparison(pinned).lost([dot], () => true);
    };
    const later = here.version + 1;
    expect(await lostAt(later, later - 1)).toHaveLength(1);
    expect(await lostAt(later, later)).toEqual([]);
    expect(await lostAt(here.version, here.version - 1)).toEqual([]);
  });

  test.each<[string, number]>([
    ['is there', 0],
    ['was never seen there', 4096 * 1000],
    ['is smaller than what is there', -1],
  ])('is not believed by a server that finds that it %s', async (_, later) => {
    const pair = await same();
    const entry = (await presentEntries(pair.server)).at(-1);
    assert(entry !== undefined, 'it is there');
    const { session } = await openAt(pair);
    tellLost(pair, session, { ...entry, version: (entry.version + later) as Entry['version'] });
    await settle();
    expect(pair.server.isHealing()).toBe(false);
    expect(pair.sessions.kept.status()).toEqual([]);
  });

  test('is not believed where it was deleted and collected', async () => {
    const pair = await same();
    const entry = (await presentEntries(pair.server)).at(-1);
    assert(entry !== undefined, 'it is there');
    await pair.server.write([del(text(entry.key))]);
    await clock.advance(TTL_MS);
    await pair.server.collect();
    tellLost(pair, (await openAt(pair)).session, entry);
    await settle();
    expect(pair.server.isHealing()).toBe(false);
  });

  test('of a session of somebody else is passed over, and what is no list of dots is malformed', async () => {
    const pair = await lossyPair('key-0042');
    const entry = (await presentEntries(pair.puller)).find(({ key }) => text(key) === 'key-0042');
    assert(entry !== undefined, 'it is there');
    const { session } = await openAt(pair);
    tellLost(pair, session, entry, 'other');
    await settle();
    expect(pair.server.isHealing()).toBe(false);
    const notice = { type: 'lost', session, dots: Uint8Array.of(1) } as const;
    expect(() => pair.sessions.notice(pair.puller.nodeId, notice)).toThrow(MalformedBytes);
    tellLost(pair, session, entry);
    await settle();
    expect(pair.server.isHealing()).toBe(true);
  });

  test('gives up the context once, though it is told in two sessions at once', async () => {
    const pair = await lossyPair('key-0042');
    const entry = (await presentEntries(pair.puller)).find(({ key }) => text(key) === 'key-0042');
    assert(entry !== undefined, 'it is there');
    const { epoch } = pair.server;
    const sessions = [await openAt(pair), await openAt(pair)];
    for (const { session } of sessions) tellLost(pair, session, entry);
    await settle();
    expect(pair.server.epoch).toBe(epoch + 1);
  });
});

function tellLost(pair: Pair, session: string, entry: Entry, from: string = pair.puller.nodeId): void {
  const notice = { type: 'lost', session, dots: packDots([entry]) } as const;
  pair.sessions.notice(from as Pair['puller']['nodeId'], notice);
}

/** Opens a session to compare, by hand. */
async function openAt({ puller, server, sessions }: Pair): Promise<Opened> {
  const { rows, restHash, empty } = await puller.pullerState(allActors(puller, server));
  const wallMs = clock.wallMs();
  const request = {
    type: 'open',
    request: 1,
    rows,
    restHash,
    empty,
    compare: true,
    compress: false,
    wallMs,
  } as const;
  const reply = await sessions.open(puller.nodeId, request);
  assert(reply.type === 'opened', 'it opens');
  return { ...reply, request: 1 };
}

describe('a server that breaks the protocol', () => {
  /** Two keys there that are not here. */
  async function differing(): Promise<Pair> {
    const pair = await same();
    await pair.server.write([put('a', '1'), put('b', '1')]);
    return pair;
  }

  async function failure(pair: Pair): Promise<unknown> {
    const before = pair.puller.contextHash();
    const run = pair.begin(true).run();
    const error = await run.catch((caught: unknown) => caught);
    expect(pair.puller.contextHash()).toBe(before);
    expect(pair.puller.state.all.count).toBe(300);
    return error;
  }

  test('with sums of other nodes', async () => {
    const pair = await differing();
    changing(pair, 'sums-reply', (reply) => ({ ...reply, sums: [...reply.sums, ...reply.sums] }));
    expect(await failure(pair)).toEqual(new MalformedBytes('sums of other nodes'));
    changing(pair, 'sums-reply', (reply) => ({ ...reply, sums: [] }));
    expect(await failure(pair)).toEqual(new MalformedBytes('sums of other nodes'));
  });

  test('with a list out of order, in a page or from page to page', async () => {
    const pair = await differing();
    const [a, b] = await presentEntries(pair.server);
    assert(a !== undefined && b !== undefined, 'they are there');
    changing(pair, 'list-reply', (reply) => ({ ...reply, dots: packDots([b, a]) }));
    expect(await failure(pair)).toEqual(new MalformedBytes('a list out of order'));
    changing(pair, 'list-reply', (reply) => ({ ...reply, dots: packDots([a]), last: false }));
    expect(await failure(pair)).toEqual(new MalformedBytes('a list out of order'));
  });

  test('with a list that stands still', async () => {
    const pair = await differing();
    changing(pair, 'list-reply', (reply) => ({ ...reply, dots: packDots([]), last: false }));
    expect(await failure(pair)).toEqual(new MalformedBytes('a list that stands still'));
    // It may begin well.
    let page = packDots((await presentEntries(pair.server)).slice(0, 1));
    changing(pair, 'list-reply', (reply) => {
      const dots = page;
      page = packDots([]);
      return { ...reply, dots, last: false };
    });
    expect(await failure(pair)).toEqual(new MalformedBytes('a list that stands still'));
  });

  test('with values in a list, or with bytes that are no list', async () => {
    const pair = await differing();
    const packer = new ChunkPacker();
    packer.add((await presentEntries(pair.server))[0] as Entry);
    const dots = packer.finish();
    changing(pair, 'list-reply', (reply) => ({ ...reply, dots }));
    expect(await failure(pair)).toEqual(new MalformedBytes('a dot with more than its key'));
    changing(pair, 'list-reply', (reply) => ({ ...reply, dots: Uint8Array.of(255) }));
    expect(await failure(pair)).toBeInstanceOf(MalformedBytes);
  });

  test('with entries of no key, or of more keys than were asked for', async () => {
    const pair = await differing();
    for (const count of [0, 3]) {
      changing(pair, 'fetch-reply', (reply) => ({ ...reply, count }));
      expect(await failure(pair)).toEqual(new MalformedBytes('entries of no key, or of others'));
    }
  });

  test('with entries that do not hold what was asked for', async () => {
    const pair = await differing();
    const packer = new ChunkPacker();
    packer.add((await presentEntries(pair.server))[0] as Entry);
    for (const entries of [NO_BYTES, packer.finish()]) {
      changing(pair, 'fetch-reply', (reply) => ({ ...reply, entries }));
      expect(await failure(pair)).toEqual(new MalformedBytes('entries of other keys than were asked for'));
    }
  });

  test('with a reply of another kind', async () => {
    const pair = await differing();
    changing(pair, 'compared', ({ request }) => ({ type: 'sums-reply', request, sums: [] }));
    expect(await failure(pair)).toEqual(new MalformedBytes('not the reply to a compare'));
  });

  /** Two drifts ahead, and `beyond`, in units of versions. */
  async function aheadBy(pair: Pair, beyond: number): Promise<Entry> {
    const entry = (await presentEntries(pair.server))[0] as Entry;
    const limit = receivedVersionMax(clock.wallMs(), MAX_DRIFT_MS);
    const version = (limit + beyond) as Entry['version'];
    return { ...entry, version, first: version, last: version };
  }

  function packed(entry: Entry): Uint8Array {
    const packer = new ChunkPacker();
    packer.add(entry);
    return packer.finish();
  }

  test('with an entry from as far in the future as may be has it taken', async () => {
    const pair = await differing();
    const entry = await aheadBy(pair, 0);
    pair.peer.change = (reply) => {
      if (reply.type === 'list-reply') return { ...reply, dots: packDots([entry]), last: true };
      return reply.type === 'fetch-reply' ? { ...reply, entries: packed(entry) } : reply;
    };
    const session = pair.begin(true);
    await session.step();
    expect(await session.step({ keys: 1 })).toBe('more');
    expect(session.compared).toMatchObject({ taken: 1 });
  });

  test('with an entry from too far in the future has it refused, and nothing is adopted', async () => {
    const pair = await differing();
    const entries = packed(await aheadBy(pair, 4096));
    changing(pair, 'fetch-reply', (reply) => ({ ...reply, entries }));
    expect(await failure(pair)).toBe('refused');
    const session = pair.begin(true);
    expect(await session.run()).toBe('refused');
    expect([session.reason, session.aheadMs]).toEqual(['an entry', 2 * MAX_DRIFT_MS + 1]);
  });
});

type ComparisonRequest = Parameters<Pair['sessions']['compare']>[1];

describe('a puller that asks', () => {
  async function answerTo(
    request: (session: string) => ComparisonRequest,
    isFolded: boolean,
  ): Promise<string> {
    const pair = await same();
    const { session } = await openAt(pair);
    const ask = (one: ComparisonRequest) => pair.sessions.compare(pair.puller.nodeId, one, () => {});
    if (isFolded) await ask({ type: 'compare', request: 1, session, depth: 2 });
    const reply = await ask(request(session)).catch(failureOf);
    return reply.type === 'failure' ? `${reply.code}: ${reply.reason}` : reply.type;
  }

  const sums =
    (level: number, ...nodes: number[]) =>
    (session: string): ComparisonRequest => ({ type: 'sums', request: 1, session, level, nodes });
  const list =
    (...buckets: number[]) =>
    (session: string): ComparisonRequest => ({ type: 'list', request: 1, session, buckets, after: NO_BYTES });

  test.each<[string, (session: string) => ComparisonRequest, string]>([
    ['for sums below the buckets', sums(2, 0), 'invalid: a node that the fold has not'],
    ['for a node that the level has not', sums(1, 15, 16), 'invalid: a node that the fold has not'],
    ['for one of three', sums(1, 14, 15, 16), 'invalid: a node that the fold has not'],
    ['for the last node of a level', sums(1, 15), 'sums-reply'],
    ['for a bucket that the fold has not', list(256), 'invalid: a bucket that the fold has not'],
    ['for the last bucket', list(255), 'list-reply'],
    ['for no bucket at all', list(), 'list-reply'],
    [
      'for keys that are not there',
      (session) => ({ type: 'fetch', request: 1, session, keys: [NO_BYTES, utf8('none')] }),
      'fetch-reply',
    ],
    [
      'about a session that is none',
      () => sums(0, 0)('0'.repeat(32)),
      'unknown-session: the session is not kept here any more',
    ],
  ])('%s', async (_, request, answer) => {
    expect(await answerTo(request, true)).toBe(answer);
  });

  test('for sums or lists before anything was folded', async () => {
    expect(await answerTo(sums(0, 0), false)).toBe('invalid: a comparison that was not begun');
    expect(await answerTo(list(0), false)).toBe('invalid: a comparison that was not begun');
  });

  test('for a list twice at once, as a repeated message does: each answer is whole', async () => {
    const pair = await same();
    const { session } = await openAt(pair);
    const ask = (request: ComparisonRequest) => pair.sessions.compare(pair.puller.nodeId, request, () => {});
    await ask({ type: 'compare', request: 1, session, depth: 0 });
    const answers = await Promise.all([ask(list(0)(session)), ask(list(0)(session))]);
    const all = { type: 'list-reply', dots: packDots(await presentEntries(pair.server)), last: true };
    expect(answers).toEqual([all, all]);
  });

  test('for one bucket after another has the dots of each, behind empty ones, too', async () => {
    const pair = await same();
    const { session } = await openAt(pair);
    const ask = (request: ComparisonRequest) => pair.sessions.compare(pair.puller.nodeId, request, () => {});
    await ask({ type: 'compare', request: 1, session, depth: 2 });
    const counts: number[] = [];
    for (let bucket = 0; bucket < 256; bucket++) {
      const reply = await ask(list(bucket)(session));
      assert(reply.type === 'list-reply' && reply.last, 'it is listed at once');
      counts.push(unpackDots(reply.dots, DEFAULT_LIMITS).length);
    }
    expect(counts).toContain(0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(300);
  });

  test('for more than fits has those that come first, up to the one that fills the reply', async () => {
    const pair = await same();
    const keys = ['a', 'b', 'c'].map(utf8);
    for (const key of keys) await pair.server.write([put(text(key), 'v'.repeat(CHUNK_BYTES / 2))]);
    const { session } = await openAt(pair);
    const fetch = { type: 'fetch', request: 1, session, keys } as const;
    const reply = await pair.sessions.compare(pair.puller.nodeId, fetch, () => {});
    assert(reply.type === 'fetch-reply', 'it is fetched');
    expect(reply.count).toBe(2);
    expect(unpackChunk(reply.entries, DEFAULT_LIMITS).map(({ key }) => text(key))).toEqual(['a', 'b']);
  });

  test('for a list again, from any key that it had before', async () => {
    const pair = await same();
    const { session } = await openAt(pair);
    const ask = (request: ComparisonRequest) => pair.sessions.compare(pair.puller.nodeId, request, () => {});
    await ask({ type: 'compare', request: 1, session, depth: 0 });
    const all = await ask(list(0)(session));
    const after = utf8('key-0298');
    const rest = await ask({ type: 'list', request: 1, session, buckets: [], after });
    expect(await ask(list(0)(session))).toEqual(all);
    const last = (await presentEntries(pair.server)).slice(-1);
    expect(rest).toEqual({ type: 'list-reply', dots: packDots(last), last: true });
  });
});

/** Folds of the snapshot take so long. */
function slowed(pinned: PinnedState, at: Pick<SimulatedClock, 'after'>, ms: number): PinnedState {
  return {
    ...pinned,
    fold: async (depth) => {
      await new Promise<void>((resolve) => void at.after(ms, resolve));
      return pinned.fold(depth);
    },
  };
}

function slowServer(server: StoredReplica, at: Pick<SimulatedClock, 'after'>, ms: number): void {
  const pin = server.pin.bind(server);
  server.pin = async (actors, restHash) => {
    const pinned = await pin(actors, restHash);
    return pinned === undefined ? undefined : slowed(pinned, at, ms);
  };
}

function slowPuller(puller: StoredReplica, at: Pick<SimulatedClock, 'after'>, ms: number): void {
  const begin = puller.beginComparison.bind(puller);
  puller.beginComparison = async (session) => slowed(await begin(session), at, ms);
}

describe('keep-alives', () => {
  /** Compares, and lets so many seconds pass. */
  async function comparing(pair: Pair, seconds: number): Promise<{ step: string | undefined }> {
    const outcome: { step: string | undefined } = { step: undefined };
    void pair
      .begin(true)
      .run()
      .then((step) => {
        outcome.step = step;
      });
    await settle();
    for (let second = 0; second < seconds; second++) await clock.advance(1000);
    await settle();
    return outcome;
  }

  test('are sent once a second while the server folds, which keeps the session as long as that takes', async () => {
    const pair = await same();
    slowServer(pair.server, clock, 100_000);
    const outcome = await comparing(pair, 99);
    expect(outcome.step).toBeUndefined();
    expect(pair.peer.told).toHaveLength(99);
    await clock.advance(1000);
    await settle();
    expect(outcome.step).toBe('adopted');
    const told = pair.peer.told.length;
    await clock.advance(10_000);
    expect(pair.peer.told).toHaveLength(told);
  });

  test('are sent once a second while the puller folds, and renew the timer of the server', async () => {
    const pair = await same();
    await pair.server.write([put('a', '1')]);
    slowPuller(pair.puller, clock, 2 * SESSION_TIMEOUT_MS);
    expect((await comparing(pair, 60)).step).toBe('adopted');
    const alive = pair.peer.notices.filter(({ type }) => type === 'keep-alive');
    expect(alive.length).toBeGreaterThanOrEqual(59);
  });

  test('of another node do not keep a session', async () => {
    const pair = await same();
    const { session } = await openAt(pair);
    for (let second = 0; second < 30; second++) {
      await clock.advance(1000);
      pair.sessions.notice('other' as Pair['puller']['nodeId'], { type: 'keep-alive', session });
    }
    expect(pair.sessions.kept.status()).toEqual([]);
  });
});

/** Both hold the same 4,000 keys, and are at rest. */
async function atRest(): Promise<{
  readonly cluster: GossipCluster;
  readonly a: TestNode;
  readonly b: TestNode;
}> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  await a.write(...putMany(4000));
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.converge();
  await cluster.pass(12_000);
  cluster.takeSent();
  return { cluster, a, b };
}

test('sums are asked for of no more nodes at once than a message holds', async () => {
  const pair = await same();
  const asked: number[] = [];
  // More nodes differ than one request may name, four levels down.
  const differing = SUMS_NODES_MAX / FAN_OUT + 1;
  const sumsOf = (nodes: readonly number[], sum: (node: number) => bigint): bigint[] =>
    nodes.flatMap((node) => Array.from({ length: FAN_OUT }, () => sum(node)));
  const all = { count: 2 ** 24, sum: 0n };
  const pinned = {
    all,
    fold: () =>
      Promise.resolve({
        total: all,
        children: (_: number, node: number) => sumsOf([node], () => 1n),
      }),
    close: () => Promise.resolve(),
    dotsIn: () => ({ next: () => Promise.resolve([]), close: () => Promise.resolve() }),
  } as unknown as PinnedState;
  pair.puller.beginComparison = () => Promise.resolve(pinned);
  const peer: SessionPeer = {
    nodeId: pair.server.nodeId,
    notify: () => {},
    request: (request) => {
      if (request.type !== 'sums') return Promise.resolve({ type: 'compared', request: 1 });
      const { level, nodes } = request;
      if (level === 4) asked.push(nodes.length);
      const isSame = (node: number): boolean => level === 4 || (level === 3 && node >= differing);
      const sums = sumsOf(nodes, (node) => (isSame(node) ? 1n : 2n));
      return Promise.resolve({ type: 'sums-reply', request: 1, sums });
    },
  };
  const session = { name: '00'.repeat(16), serverEntries: 0 } as NewSession;
  const comparison = new Comparison(pullDependencies(pair.puller, clock), peer, session);
  expect(await comparison.begin()).toBe('more');
  expect(asked).toEqual([SUMS_NODES_MAX, FAN_OUT]);
  await comparison.close();
});

describe('on the wire', () => {
  test('a comparison of 10 differing keys among 4,000 costs some kilobytes', async () => {
    const { cluster, a, b } = await atRest();
    const changed = putMany(4000, 'other').filter((_, at) => at % 400 === 7);
    for (const write of changed) await a.write(write);
    await cluster.finish(b.gossip.audit());
    expect(summarize(cluster.takeSent())).toMatchInlineSnapshot(`
      "b → a recent × 1: 11 B
      a → b recent-reply × 1: 47 B
      b → a open × 1: 49 B
      a → b opened × 1: 100 B
      b → a compare × 1: 43 B
      a → b compared × 1: 8 B
      b → a sums × 2: 98 B
      a → b sums-reply × 2: 1045 B
      b → a list × 1: 56 B
      a → b list-reply × 1: 1190 B
      b → a fetch × 1: 134 B
      a → b fetch-reply × 1: 184 B
      b → a done × 1: 41 B"
    `);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    expect(b.replica.contextHash()).toBe(a.replica.contextHash());
    await cluster.stopAll();
  });

  test('a comparison that finds nothing costs some hundred bytes', async () => {
    const { cluster, b } = await atRest();
    await cluster.finish(b.gossip.audit());
    expect(summarize(cluster.takeSent())).toMatchInlineSnapshot(`
      "b → a recent × 1: 11 B
      a → b recent-reply × 1: 21 B
      b → a open × 1: 33 B
      a → b opened × 1: 74 B
      b → a compare × 1: 43 B
      a → b compared × 1: 8 B
      b → a sums × 1: 46 B
      a → b sums-reply × 1: 138 B
      b → a done × 1: 41 B"
    `);
    await cluster.stopAll();
  });

  test('a broken connection ends one, and the next one begins anew', async () => {
    const { cluster, a, b } = await atRest();
    await a.put('key-0042', 'other');
    cluster.onSend = ({ message }) => {
      if (message !== 'malformed' && message.type === 'list-reply') cluster.network.cut('a', 'b');
    };
    await b.replica.giveUp('a test wants it');
    await cluster.pass(5000);
    expect(b.replica.isHealing()).toBe(true);
    expect(b.replica.contextHash()).not.toBe(a.replica.contextHash());
    cluster.onSend = () => {};
    cluster.takeSent();
    cluster.network.heal('a', 'b');
    await cluster.converge(60_000);
    await cluster.until(() => !b.replica.isHealing());
    const compares = cluster
      .takeSent()
      .filter(({ from, message }) => from === 'b' && message !== 'malformed' && message.type === 'compare');
    expect(compares).toHaveLength(1);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    // The one that broke off is kept for its time, and no longer.
    await cluster.pass(CLUSTER_TIMEOUT_MS);
    expect(a.gossip.served()).toEqual([]);
    await cluster.stopAll();
  });

  test.each(['a', 'b'])('a fold of 40 s at %s tries the patience of neither side', async (slow) => {
    const { cluster, a, b } = await atRest();
    await a.put('key-0042', 'other');
    const foldMs = CLUSTER_TIMEOUT_MS + 10_000;
    if (slow === 'a') slowServer(a.replica, cluster.clock, foldMs);
    else slowPuller(b.replica, cluster.clock, foldMs);
    await cluster.finish(b.gossip.audit(), 2 * foldMs);
    const sent = cluster.takeSent();
    const count = (from: string, type: string): number =>
      sent.filter(({ from: by, message }) => by === from && message !== 'malformed' && message.type === type)
        .length;
    expect(count('b', 'compare')).toBe(1);
    expect(count(slow, 'keep-alive')).toBeGreaterThanOrEqual(39);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });
});
