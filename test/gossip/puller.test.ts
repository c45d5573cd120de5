import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { ROWS_MAX } from '../../src/core/row-codec.ts';
import type { Version } from '../../src/core/version.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { FailureCode, Notice, Reply } from '../../src/gossip/messages.ts';
import type { NewRequest } from '../../src/gossip/pending-requests.ts';
import { Puller, type PullerDependencies } from '../../src/gossip/puller.ts';
import type { Open } from '../../src/gossip/session-messages.ts';
import { Warnings } from '../../src/gossip/warnings.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { contents, openTestReplica, put } from '../support/replica-fixture.ts';
import {
  allActors,
  DirectPeer,
  makeServer,
  MAX_DRIFT_MS,
  pullDependencies,
  SESSION_TIMEOUT_MS,
} from './session-fixture.ts';

const PEER = 'a' as NodeId;
const ACTOR = makeActor(PEER, 0 as Version, 1);

let clock: SimulatedClock;
let replica: StoredReplica;
let log: RecordingLog;
let warnings: Warnings;
/** What a peer was asked to open. */
let opens: Open[];
/** What it answers. */
let answer: () => Reply;
let malformed: string[];
/** How often it was asked what differs. */
let compared: number;
let completed: number;
let puller: Puller;

beforeEach(async () => {
  clock = new SimulatedClock();
  replica = await openTestReplica({ nodeId: 'b', clock });
  log = new RecordingLog();
  warnings = new Warnings(clock, log);
  opens = [];
  answer = () => failure('not-serving');
  malformed = [];
  compared = 0;
  completed = 0;
  puller = begin();
});

afterEach(async () => {
  await puller.stop();
  await replica.close();
});

function failure(code: FailureCode): Reply {
  return { type: 'failure', request: 1, code, reason: 'it is a test' };
}

/** A peer of which one row differs. */
function begin(of: Partial<PullerDependencies> = {}, actors: readonly Actor[] = [ACTOR]): Puller {
  return new Puller({
    ...pullDependencies(replica, clock),
    log,
    warnings,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    compare: () => {
      compared++;
      const theirs = { ...unknownRow(ACTOR), received: 1 as Version, closed: 1 as Version };
      return Promise.resolve({ actors, rows: [theirs], lacks: new Set(), behind: actors.length });
    },
    linkTo: () => undefined,
    onPeerClock: () => {},
    isComparing: () => false,
    sentTo: () => 0,
    onCompleted: () => void completed++,
    ...of,
  });
}

function linkWith(of: { readonly isOpen?: boolean; readonly isStalled?: boolean } = {}): Link {
  const channel = {
    isOpen: true,
    isStalled: false,
    ...of,
    request: (request: Open) => {
      opens.push(request);
      return Promise.resolve().then(answer);
    },
    notify: () => {},
    closeMalformed: (reason: string) => void malformed.push(reason),
  };
  return { nodeId: PEER, channel } as unknown as Link;
}

test('a node that lacks more runs than fit into one request asks for none, looks seldom, and says so until it lacks fewer', async () => {
  const runs = Array.from({ length: ROWS_MAX + 1 }, (_, run) => makeActor(PEER, run as Version, 0));
  puller = begin({}, runs);
  expect((await puller.pull(linkWith())).outcome).toBe('nothing');
  expect(warnings.all().map(({ code, peer }) => [code, peer])).toEqual([['TOO_MANY_RUNS', PEER]]);
  expect(opens).toEqual([]);

  runs.pop();
  expect((await puller.pull(linkWith())).outcome).toBe('nothing');
  expect(compared).toBe(1);
  await clock.advance(600_000);
  expect((await puller.pull(linkWith())).outcome).toBe('not-serving');
  expect(warnings.all()).toEqual([]);
  expect(opens).toHaveLength(1);
  expect(completed).toBe(0);
});

describe('a pull', () => {
  test('is complete where nothing differs', async () => {
    puller = begin({}, []);
    expect((await puller.pull(linkWith())).outcome).toBe('nothing');
    expect([opens.length, completed]).toEqual([0, 1]);
  });

  test('begins anew at once where it came too late, and leaves the rest to the next round after four times', async () => {
    answer = () => failure('stale');
    expect((await puller.pull(linkWith())).outcome).toBe('stale');
    expect(opens).toHaveLength(4);
    answer = () => failure(opens.length < 6 ? 'stale' : 'not-serving');
    expect((await puller.pull(linkWith())).outcome).toBe('not-serving');
    expect(opens).toHaveLength(6);
  });

  test('that waited while its connection closed goes by another one, or does not come about', async () => {
    expect((await puller.pull(linkWith({ isOpen: false }))).outcome).toBe('nothing');
    expect(compared).toBe(0);
    puller = begin({ linkTo: () => linkWith() });
    expect((await puller.pull(linkWith({ isOpen: false }))).outcome).toBe('not-serving');
  });

  test('asks nothing of a peer that stands still, nor for a node that takes nothing', async () => {
    expect((await puller.pull(linkWith({ isStalled: true }))).outcome).toBe('set-aside');
    replica.notTaking = () => 'its disk is full';
    expect((await puller.pull(linkWith())).outcome).toBe('nothing');
    expect([compared, opens.length]).toEqual([0, 0]);
  });

  test('does not begin once the node stops', async () => {
    await puller.stop();
    expect((await puller.pull(linkWith())).outcome).toBe('nothing');
    expect(compared).toBe(0);
  });
});

describe('what broke off of a pull', () => {
  const brokenBy = async (error: Error): Promise<readonly string[]> => {
    answer = () => {
      throw error;
    };
    expect(await puller.pull(linkWith())).toEqual({ outcome: 'set-aside', entries: 0, bytes: 0 });
    expect(puller.running).toBeUndefined();
    return log.lines.map((line) => line.split(' {')[0] as string);
  };

  test.each([
    'PEER_UNREACHABLE',
    'PEER_REFUSED',
    'TIMEOUT',
    'STORE_CLOSED',
    'STORE_FENCED',
    'RECORD_DAMAGED',
  ] as const)('by %s is told elsewhere, or no news', async (code) => {
    expect(await brokenBy(new BoatoError(code, 'It is a test.'))).toEqual([]);
  });

  test('because the peer refuses what it was asked is a warning', async () => {
    expect(await brokenBy(new BoatoError('PROTOCOL', 'It is a test.'))).toEqual([
      'warn A session was given up.',
    ]);
  });

  test('by what should not happen is an error', async () => {
    expect(await brokenBy(new Error('It is a test.'))).toEqual(['error A session failed.']);
    expect(malformed).toEqual([]);
  });

  test('by another failure of this node is an error', async () => {
    expect(await brokenBy(new BoatoError('FRAME_TOO_LARGE', 'It is a test.'))).toEqual([
      'error A session failed.',
    ]);
  });

  test('by bytes that are none closes the connection', async () => {
    expect(await brokenBy(new MalformedBytes('no chunk'))).toEqual([]);
    expect(malformed).toEqual(['no chunk']);
  });
});

describe('a pull from a peer that holds three entries', () => {
  let server: StoredReplica;
  let peer: DirectPeer;
  /** What the peer's clock was said to show. */
  let wallMs: number[];

  beforeEach(async () => {
    server = await openTestReplica({ nodeId: PEER, clock });
    for (const key of ['x', 'y', 'z']) await server.write([put(key, '1')]);
    peer = new DirectPeer(makeServer(server, clock), server.nodeId, replica.nodeId);
    wallMs = [];
    puller = begin({
      compare: () => {
        const differing = {
          actors: allActors(replica, server),
          rows: server.rows(),
          lacks: new Set<Actor>(),
        };
        return Promise.resolve({ ...differing, behind: 1 });
      },
      onPeerClock: (_, shown) => void wallMs.push(shown),
      sentTo: () => 7,
    });
  });

  const link = (): Link => {
    const channel = {
      isOpen: true,
      isStalled: false,
      request: (request: NewRequest) => peer.request(request),
      notify: (notice: Notice) => peer.notify(notice),
    };
    return { nodeId: PEER, channel } as unknown as Link;
  };

  test('brings them, says so, and heeds its clock', async () => {
    warnings.raise('REFUSED_FROM_FUTURE', PEER, 'It is a test.');
    const { bytes, ...result } = await puller.pull(link());
    expect(result).toEqual({ outcome: 'adopted', entries: 3 });
    expect(bytes).toBeGreaterThan(0);
    expect([puller.entries, completed, wallMs]).toEqual([3, 1, [clock.wallMs()]]);
    expect(warnings.all()).toEqual([]);
    expect(await contents(replica)).toEqual({ x: '1', y: '1', z: '1' });
    expect(log.lines.filter((line) => line.includes('ompared'))).toEqual([]);
  });

  test('that breaks off goes on where it stopped, and what came counts once', async () => {
    peer.change = (reply) => {
      if (reply.type === 'next-reply') throw new BoatoError('TIMEOUT', 'No byte came.');
      return reply;
    };
    expect(await puller.pull(link())).toMatchObject({ outcome: 'set-aside', entries: 1 });
    peer.change = (reply) => reply;
    expect(await puller.pull(link())).toMatchObject({ outcome: 'adopted', entries: 2 });
    expect(peer.asked.filter((type) => type === 'open')).toHaveLength(1);
    expect([puller.entries, completed]).toEqual([3, 1]);
  });

  test('that lies in the future is refused, and a warning says by how much', async () => {
    clock.leap(-2 * MAX_DRIFT_MS - 5000);
    peer.change = (reply) => (reply.type === 'opened' ? { ...reply, wallMs: clock.wallMs() } : reply);
    expect(await puller.pull(link())).toMatchObject({ outcome: 'refused', entries: 0 });
    expect(peer.asked.filter((type) => type === 'open')).toHaveLength(1);
    expect([puller.refused, completed]).toEqual([1, 0]);
    expect(warnings.all()).toMatchObject([{ code: 'REFUSED_FROM_FUTURE', peer: PEER }]);
    expect(warnings.all()[0]?.message).toContain('(65 s ahead');
  });

  test('that compares tells what came of it, in one line', async () => {
    await replica.write([put('own', '1')]);
    puller.connected(link());
    expect((await puller.compare(link())).outcome).toBe('adopted');
    expect(log.lines.map((line) => line.replace(/:.*taken\. /u, ' '))).toEqual([
      'info Compared with a peer {"peer":"a","kept":1,"dropped":0,"taken":3,"sent":0}',
    ]);
  });
});

describe('a node', () => {
  /** So many entries of broken sessions are here. */
  const holdLoose = (count: number): void => {
    replica.row = () => ({ ...unknownRow(ACTOR), loose: { count, sum: 1n } });
  };
  const compares = async (): Promise<boolean | undefined> => {
    opens.length = 0;
    await puller.pull(linkWith());
    return opens[0]?.compare;
  };

  test('that is left with more than 1,000 entries of broken sessions compares rather than to be sent them again', async () => {
    holdLoose(1000);
    expect(await compares()).toBe(false);
    holdLoose(1001);
    expect(await compares()).toBe(true);
  });

  test('does not compare because of such entries that the peer holds as well', async () => {
    holdLoose(1001);
    const row = replica.row(ACTOR) as Row;
    const answered = { actors: [ACTOR], rows: [row], lacks: new Set<Actor>(), behind: 1 };
    puller = begin({ compare: () => Promise.resolve(answered) });
    expect(await compares()).toBe(false);
  });

  test('compares when it is asked to, though nothing seems to differ', async () => {
    puller = begin({}, []);
    expect((await puller.compare(linkWith())).outcome).toBe('not-serving');
    expect(opens.map(({ compare }) => compare)).toEqual([true]);
  });

  test('asks a peer that has nothing to compare with for what it has, and compares again after that', async () => {
    holdLoose(1001);
    expect(await compares()).toBe(true);
    expect(await compares()).toBe(false);
    expect(await compares()).toBe(true);
  });

  test('does not compare with a peer that compares with it, but if it must', async () => {
    puller = begin({ isComparing: () => true });
    expect(await compares()).toBe(false);
    holdLoose(1001);
    expect(await compares()).toBeUndefined();
    expect((await puller.compare(linkWith())).outcome).toBe('not-serving');
    expect(opens[0]?.compare).toBe(true);
  });
});
