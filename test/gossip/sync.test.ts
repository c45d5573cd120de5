/** What users wait for, with peers that do as a test wants. */

import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import type { Version } from '../../src/core/version.ts';
import type { AntiEntropy } from '../../src/gossip/anti-entropy.ts';
import type { Comparison } from '../../src/gossip/digest.ts';
import type { Link } from '../../src/gossip/link.ts';
import { PeerRecord } from '../../src/gossip/peer-record.ts';
import type { Peers } from '../../src/gossip/peers.ts';
import type { Rounds } from '../../src/gossip/round.ts';
import { Sync } from '../../src/gossip/sync.ts';
import type { Replica } from '../../src/ports/replica.ts';
import { nodeId } from '../support/codec-arbitraries.ts';

const ACTOR = makeActor(nodeId('a'), 100 as Version, 1);
const never = (): boolean => false;

function row(received: number, changes: Partial<Row> = {}): Row {
  const version = received as Version;
  return { ...unknownRow(ACTOR), received: version, closed: version, ...changes };
}

let clock: SimulatedClock;
let sync: Sync;
let links: Link[];
let records: PeerRecord[];
/** What this node has seen by now. */
let own: Row | undefined;
/** What was done, in its order. */
let done: string[];
let dial: () => Promise<void>;
let freshRound: (peer: NodeId) => void;
let pull: (peer: NodeId) => void;
let isSame: (peer: NodeId) => boolean;
let compare: (peer: NodeId) => Partial<Comparison>;

beforeEach(() => {
  clock = new SimulatedClock();
  [links, records, done, own] = [[], [], [], undefined];
  dial = () => Promise.resolve();
  [freshRound, pull, isSame, compare] = [() => {}, () => {}, () => true, () => ({})];
  sync = new Sync({
    replica: { row: () => own } as unknown as Replica,
    peers: {
      links: () => links,
      records: () => records,
      recordsOf: (node: NodeId) => records.filter((record) => record.nodeId === node),
      dialNow: () => {
        done.push('dial');
        return dial();
      },
    } as unknown as Peers,
    rounds: {
      summary: async (link: Link) => {
        done.push(`ask ${link.nodeId}`);
        return Promise.resolve({ isSame: isSame(link.nodeId) });
      },
      compare: async (link: Link) => {
        done.push(`compare with ${link.nodeId}`);
        const nothing = { actors: [], rows: [], lacks: new Set<Actor>(), behind: 0 };
        return Promise.resolve({ ...nothing, ...compare(link.nodeId) });
      },
    } as unknown as Rounds,
    antiEntropy: {
      round: () => Promise.resolve(),
      freshRound: async (link: Link) => {
        done.push(`round with ${link.nodeId}`);
        freshRound(link.nodeId);
        return Promise.resolve();
      },
    } as unknown as AntiEntropy,
    clock,
    log: silentLog,
    pull: async (link) => {
      done.push(`pull from ${link.nodeId}`);
      pull(link.nodeId);
      return Promise.resolve();
    },
    received: () => 0,
  });
});

function known(name: string, address: string = `${name}:1`): PeerRecord {
  const record = new PeerRecord(address, 'outbound');
  record.nodeId = nodeId(name);
  records.push(record);
  return record;
}

function connect(...names: readonly string[]): void {
  for (const name of names) {
    known(name);
    links.push({ nodeId: nodeId(name) } as Link);
  }
}

/** What comes of `work` within `ms`. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | 'it waits'> {
  let outcome: T | 'it waits' = 'it waits';
  void work.then((result) => {
    outcome = result;
  });
  await clock.advance(ms);
  await settle();
  return outcome;
}

describe('a round with everybody', () => {
  test('is one with each, with those who are dialled for it, too', async () => {
    connect('b');
    dial = async () => {
      await new Promise<void>((resolve) => void clock.after(3000, resolve));
      connect('c');
    };
    expect(await within(3100, sync.now(never))).toEqual({ peers: 2, inSync: 2, entries: 0 });
    expect(done.filter((what) => what.startsWith('round'))).toEqual(['round with b', 'round with c']);
  });

  test('waits 6 s for those who are dialled, and no longer', async () => {
    connect('b');
    known('c');
    dial = () => new Promise(() => {});
    const counts = sync.now(never);
    expect(await within(5900, counts)).toBe('it waits');
    expect(await within(200, counts)).toEqual({ peers: 2, inSync: 1, entries: 0 });
  });

  test('waits 2 s for a peer to have pulled, too, and counts it only if it has', async () => {
    connect('b', 'c');
    let looks = 0;
    isSame = (peer) => peer === 'b' && ++looks === 20;
    const counts = sync.now(never);
    expect(await within(1900, counts)).toBe('it waits');
    expect(await within(200, counts)).toEqual({ peers: 2, inSync: 1, entries: 0 });
    expect(looks).toBe(20);
  });

  test('does not count who does not answer', async () => {
    connect('b', 'c');
    isSame = (peer) => {
      if (peer === 'b') throw new Error('a test wants it');
      return true;
    };
    expect(await within(200, sync.now(never))).toEqual({ peers: 2, inSync: 1, entries: 0 });
  });

  test('counts a node once that is known at two addresses, and each address of nobody known', async () => {
    known('b');
    known('b', 'b:2');
    for (const address of ['c:1', 'd:1', 'e:1']) records.push(new PeerRecord(address, 'outbound'));
    const self = known('self');
    self.isSelf = true;
    expect(await within(200, sync.now(never))).toEqual({ peers: 4, inSync: 0, entries: 0 });
  });
});

describe('to hurry', () => {
  test('begins a round with each each time, and dials once a second at most', () => {
    connect('b', 'c');
    sync.hurry();
    sync.hurry();
    const rounds = ['round with b', 'round with c'];
    expect(done).toEqual(['dial', ...rounds, ...rounds]);
  });

  test('dials again a second later, not before; and nothing begins once the node stops', async () => {
    sync.hurry();
    await clock.advance(999);
    sync.hurry();
    expect(done).toEqual(['dial']);
    await clock.advance(1);
    sync.hurry();
    expect(done).toEqual(['dial', 'dial']);
    connect('b');
    sync.stop();
    await clock.advance(1000);
    sync.hurry();
    expect(done).toEqual(['dial', 'dial']);
  });
});

describe('a peer has seen what was seen here', () => {
  const hash = { count: 1, sum: 5n };
  const cases: Record<string, [Partial<Comparison>, boolean]> = {
    'if it says so': [{ rows: [row(110)] }, true],
    'if it has seen more': [{ rows: [row(120)] }, true],
    'if it says nothing of it, as of what both have': [{}, true],
    'but not if it has seen less': [{ rows: [row(109)] }, false],
    'but not if it has seen as much without what that replaced': [
      { rows: [row(110, { closed: 109 as Version })] },
      false,
    ],
    'but not if it knows nothing of the actor': [{ lacks: new Set([ACTOR]) }, false],
  };
  test.each(Object.entries(cases))('%s', async (_, [answer, isSeen]) => {
    connect('b');
    own = row(110);
    compare = () => answer;
    expect(await within(50, sync.untilSeen([row(110)], never))).toBe(isSeen ? true : 'it waits');
  });

  test('if it has what that has become here: single dots are covered by now', async () => {
    connect('b');
    own = row(120);
    compare = () => ({ rows: [row(120)] });
    expect(await within(50, sync.untilSeen([row(110, { loose: hash })], never))).toBe(true);
  });

  test('of an actor of which no row is left here, if it has what was asked for', async () => {
    connect('b');
    compare = () => ({ rows: [row(110)] });
    expect(await within(50, sync.untilSeen([row(110)], never))).toBe(true);
  });

  test('only once it can be asked; and who has said so is not asked again', async () => {
    connect('b', 'c');
    own = row(110);
    let isAway = true;
    compare = (peer) => {
      if (peer === 'c' && isAway) throw new Error('a test wants it');
      return {};
    };
    const waiting = sync.untilSeen([row(110)], never);
    expect(await within(250, waiting)).toBe('it waits');
    isAway = false;
    expect(await within(100, waiting)).toBe(true);
    expect(done.filter((what) => what === 'compare with b')).toHaveLength(1);
    expect(done.filter((what) => what === 'compare with c')).toHaveLength(4);
  });

  test('is not said of one that was never reached', async () => {
    records.push(new PeerRecord('b:1', 'outbound'));
    expect(await within(500, sync.untilSeen([], never))).toBe('it waits');
  });
});

describe('a pull from some nodes', () => {
  const succeed = (peer: NodeId): void => {
    for (const record of records) if (record.nodeId === peer) record.succeededAtMs = clock.monotonicMs();
  };

  /** The first round comes to the end of what was set aside before. */
  const isSecondRound = (peer: NodeId): boolean =>
    done.filter((what) => what === `round with ${peer}`).length === 2;

  test('asks nobody else, and is through with whom it was through with in a round', async () => {
    connect('b', 'c');
    freshRound = (peer) => {
      if (isSecondRound(peer)) succeed(peer);
    };
    expect(await sync.pullFrom([nodeId('b')])).toEqual([]);
    expect(done).toEqual(['round with b', 'round with b']);
  });

  test('asks again what a round before did not bring, and pulls where a round brings nothing', async () => {
    connect('b', 'c');
    pull = (peer) => {
      if (peer === 'b' || done.filter((what) => what === 'pull from c').length === 2) succeed(peer);
    };
    expect(await sync.pullFrom([nodeId('b'), nodeId('c')])).toEqual([]);
    expect(done).toEqual([
      'round with b',
      'round with c',
      'round with b',
      'round with c',
      'pull from b',
      'pull from c',
      'round with c',
      'pull from c',
    ]);
  });

  test('does not pull where a round was enough', async () => {
    connect('b', 'c');
    freshRound = (peer) => {
      if (peer === 'b' && isSecondRound(peer)) succeed(peer);
    };
    pull = succeed;
    expect(await sync.pullFrom([nodeId('b'), nodeId('c')])).toEqual([]);
    expect(done.filter((what) => what.startsWith('pull'))).toEqual(['pull from c']);
  });

  test('gives up after three attempts, and tells from whom nothing came', async () => {
    connect('b', 'c');
    known('c', 'c:2');
    known('away');
    // One of its two addresses is enough.
    pull = (peer) => {
      const first = records.find((record) => record.nodeId === peer);
      if (peer === 'c' && first !== undefined) first.succeededAtMs = clock.monotonicMs();
    };
    const nodes = ['b', 'c', 'away', 'unknown'].map((name) => nodeId(name));
    expect(await sync.pullFrom(nodes)).toEqual(['b', 'away', 'unknown']);
    expect(done.filter((what) => what === 'pull from b')).toHaveLength(3);
    expect(done.filter((what) => what === 'pull from c')).toHaveLength(1);
  });

  test('does not count what came before', async () => {
    connect('b');
    succeed(nodeId('b'));
    await clock.advance(1000);
    expect(await sync.pullFrom([nodeId('b')])).toEqual(['b']);
  });
});
