/** R11: each limit on clocks, exactly at it and one over, over whole sessions, rumours and own writes. */

import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf, makeActor, type NodeId } from '../../src/core/actor.ts';
import { type FullRow, unknownRow } from '../../src/core/context.ts';
import { ownVersionMax, receivedVersionMax } from '../../src/core/drift.ts';
import type { Entry } from '../../src/core/entry.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { type Version, versionAt } from '../../src/core/version.ts';
import { ChunkPacker } from '../../src/gossip/chunk.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import type { Opened } from '../../src/gossip/session-messages.ts';
import { PullSession, type Step } from '../../src/gossip/pull-session.ts';
import type { SessionPeer } from '../../src/gossip/session-peer.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { contents, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';

const MAX_DRIFT_MS = 30_000;

const clock = new SimulatedClock();
const nowMs = clock.wallMs();
const limit = receivedVersionMax(nowMs, MAX_DRIFT_MS);
const peer = 's' as NodeId;
const actor: Actor = makeActor(peer, versionAt(nowMs - 1000), 7);
const before: Actor = makeActor(peer, versionAt(nowMs - 2000), 6);
const near = versionAt(nowMs);

function plus(version: Version, steps: number): Version {
  return (version + steps) as Version;
}

function entryOf(key: string, version: Version, first: Version = version, last: Version = version): Entry {
  return {
    actor,
    key: utf8(key),
    version,
    first,
    last,
    tombstone: false,
    value: utf8('1'),
    expiresAt: undefined,
  };
}

function rowUpTo(received: Version, more: Partial<FullRow> = {}): FullRow {
  return { ...unknownRow(actor), received, closed: received, cloudVersions: [], ...more };
}

interface Script {
  readonly wallMs?: number;
  readonly horizon?: Version;
  readonly row?: FullRow;
  /** One after another. */
  readonly chunks?: readonly (readonly Entry[])[];
}

/** A whole session with a server that answers as the script says. */
async function session(script: Script): Promise<{ replica: StoredReplica; step: Step; reason: string }> {
  const replica = await openTestReplica({ nodeId: 'p', clock, maxDriftMs: MAX_DRIFT_MS });
  const { wallMs = nowMs, horizon = 0 as Version, chunks = [[entryOf('a', near)]] } = script;
  const row = script.row ?? rowUpTo(near);
  const unread = chunks.map((entries, at) => {
    const packer = new ChunkPacker();
    for (const entry of entries) packer.add(entry);
    return {
      entries: packer.finish(),
      plainBytes: 0,
      cursor: Uint8Array.of(at + 1),
      last: at === chunks.length - 1,
    };
  });
  const scripted: SessionPeer = {
    nodeId: peer,
    notify: () => {},
    request: (request): Promise<Reply> => {
      const chunk = unread.shift() as Opened['chunk'];
      if (request.type !== 'open') return Promise.resolve({ type: 'next-reply', request: 1, chunk });
      return Promise.resolve({
        type: 'opened',
        request: 1,
        session: '00'.repeat(16),
        order: 'version',
        rows: [row],
        horizon,
        bootstrapping: false,
        entries: 1,
        wallMs,
        chunk,
      });
    },
  };
  const dependencies = { replica, clock, limits: DEFAULT_LIMITS, maxDriftMs: MAX_DRIFT_MS };
  const pulled = PullSession.begin(dependencies, scripted, [actor], false);
  const step = await pulled.run();
  return { replica, step, reason: pulled.reason };
}

describe('a session with a peer whose clock is ahead', () => {
  test('by exactly one drift is adopted', async () => {
    const { replica, step } = await session({ wallMs: nowMs + MAX_DRIFT_MS });
    expect(step).toBe('adopted');
    expect(await contents(replica)).toEqual({ a: '1' });
    expect(replica.row(actor)?.closed).toBe(near);
  });

  test('by a millisecond more brings nothing', async () => {
    const { replica, step } = await session({ wallMs: nowMs + MAX_DRIFT_MS + 1 });
    expect(step).toBe('ahead');
    expect(await contents(replica)).toEqual({});
    expect(replica.rows()).toEqual([]);
    expect(await replica.storedSessions()).toEqual([]);
  });
});

/** By name, what lies at version `at`. */
const sessions: Record<string, (at: Version) => Script> = {
  'an entry': (at) => ({ chunks: [[entryOf('a', near)], [entryOf('z', at)]] }),
  'a batch, by its end': (at) => ({
    chunks: [[entryOf('a', near)], [entryOf('z', plus(at, -1), plus(at, -2), at)]],
  }),
  'what was received': (at) => ({ row: rowUpTo(at) }),
  'a dot of the cloud': (at) => ({
    row: rowUpTo(near, { cloud: { count: 2, sum: 1n }, cloudVersions: [plus(near, 1), at] }),
  }),
  "a predecessor's closed": (at) => ({ row: rowUpTo(near, { predecessor: { actor: before, closed: at } }) }),
  'a horizon': (at) => ({ horizon: at }),
};

describe.each(Object.entries(sessions))('%s of a session', (name, scriptAt) => {
  test('exactly two drifts ahead is adopted', async () => {
    const { replica, step } = await session(scriptAt(limit));
    expect(step).toBe('adopted');
    expect(replica.row(actor)?.received).toBeGreaterThanOrEqual(near);
    expect(replica.state.last).toBe(limit);
    expect(replica.holdsFuture()).toBe(false);
  });

  test('one version over is refused, and nothing is adopted', async () => {
    const { replica, step, reason } = await session(scriptAt(plus(limit, 1)));
    expect(step).toBe('refused');
    const isEntry = name.startsWith('an entry') || name.startsWith('a batch');
    expect(reason).toBe(isEntry ? 'an entry' : 'a causal context');
    expect(await contents(replica)).toEqual(isEntry ? { a: '1' } : {});
    for (const row of replica.rows()) expect(row.received).toBe(birthOf(row.actor));
    expect(replica.state.horizon).toBe(0);
    expect(replica.state.last).toBeLessThanOrEqual(near);
    expect(await replica.storedSessions()).toEqual([]);
  });
});

describe('a rumour', () => {
  const rumourOf = (at: Version) => ({
    entries: [entryOf('a', plus(at, -1), plus(at, -1), at), entryOf('b', at, plus(at, -1), at)],
    prev: birthOf(actor),
    predecessor: undefined,
  });

  test('whose batch ends exactly two drifts ahead is applied', async () => {
    const replica = await openTestReplica({ nodeId: 'p', clock, maxDriftMs: MAX_DRIFT_MS });
    expect(await replica.applyRumour(rumourOf(limit))).toBe('applied');
    expect(await contents(replica)).toEqual({ a: '1', b: '1' });
    expect(replica.row(actor)).toMatchObject({ received: limit, closed: birthOf(actor) });
  });

  test('whose batch ends one version over is refused as a whole', async () => {
    const replica = await openTestReplica({ nodeId: 'p', clock, maxDriftMs: MAX_DRIFT_MS });
    expect(await replica.applyRumour(rumourOf(plus(limit, 1)))).toBe('refused');
    expect(await contents(replica)).toEqual({});
    expect(replica.rows()).toEqual([]);
  });
});

describe('an own write', () => {
  /** The last version that it has seen lies `steps` below the limit of own writes. */
  async function replicaBelow(steps: number): Promise<StoredReplica> {
    const own = new SimulatedClock(nowMs);
    const replica = await openTestReplica({ clock: own, maxDriftMs: MAX_DRIFT_MS, tombstoneTtlMs: 1e9 });
    await replica.write([put('old', '1')]);
    own.leap(2.5 * MAX_DRIFT_MS - 1);
    const target = ownVersionMax(nowMs, MAX_DRIFT_MS) - steps;
    // In one millisecond there are 4,096 versions.
    await replica.write([put('first', '1')]);
    const left = target - replica.state.last;
    await replica.write(Array.from({ length: left }, (_, at) => put(`k${at}`, '1')));
    own.leap(1 - 2.5 * MAX_DRIFT_MS);
    expect(replica.state.last).toBe(target);
    return replica;
  }

  test('exactly two and a half drifts ahead is accepted, and one version over is refused', async () => {
    const replica = await replicaBelow(1);
    await replica.write([put('a', '1')]);
    await expect(replica.write([put('a', '2')])).rejects.toMatchObject({ code: 'CLOCK_AHEAD' });
    expect(await contents(replica)).toMatchObject({ a: '1' });
  });

  test('of a batch counts by its end', async () => {
    const replica = await replicaBelow(2);
    const three = [put('a', '1'), put('b', '1'), put('c', '1')];
    await expect(replica.write(three)).rejects.toMatchObject({ code: 'CLOCK_AHEAD' });
    expect(await contents(replica)).not.toHaveProperty('a');
    await replica.write(three.slice(0, 2));
    expect(await contents(replica)).toMatchObject({ a: '1', b: '1' });
  });
});
