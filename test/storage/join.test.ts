/** What is known after adopting the context of a session (R4), where single dots and predecessors are concerned. */

import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf, makeActor, type NodeId } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import { type FullRow, type Row, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import { type Version, VERSION_ZERO } from '../../src/core/version.ts';
import type { NewSession } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { expectInvariants } from '../support/invariants.ts';
import { pull, readSession } from '../support/pull.ts';
import { contents, del, openTestReplica, presentEntries, put, utf8 } from '../support/replica-fixture.ts';

const TTL_MS = 20_000;

interface Three {
  readonly clock: SimulatedClock;
  readonly own: StoredReplica;
  readonly server: StoredReplica;
  readonly third: StoredReplica;
}

async function three(): Promise<Three> {
  const clock = new SimulatedClock();
  const [own, server, third] = await Promise.all(
    ['o', 's', 't'].map((nodeId) => openTestReplica({ nodeId, clock, tombstoneTtlMs: TTL_MS })),
  );
  assert(own !== undefined && server !== undefined && third !== undefined, 'there are three');
  // So that none of them makes a first copy.
  for (const replica of [own, server]) await replica.write([put(`of ${replica.nodeId}`, '1')]);
  return { clock, own, server, third };
}

/** All of a session, but its end: what it brings is loose. */
async function takeEntries(puller: StoredReplica, from: StoredReplica): Promise<NewSession> {
  const { chunks } = await readSession(puller, from);
  for (const chunk of chunks) await puller.storeChunk(chunk);
  const session = chunks[0]?.session;
  assert(session !== undefined, 'the first chunk brings the session');
  return session;
}

describe('loose dots, once a context was adopted', () => {
  test('are those that it does not cover', async () => {
    const { own, server, third } = await three();
    for (const key of ['a', 'b']) await third.write([put(key, '1')]);
    await pull(server, third);
    for (const key of ['c', 'd', 'e']) await third.write([put(key, '1')]);
    await takeEntries(own, third);
    expect(own.counts).toMatchObject({ looseDots: 5, cloudDots: 0 });
    await pull(own, server);
    expect(own.counts).toMatchObject({ looseDots: 3, cloudDots: 0 });
    await expectInvariants(own, await presentEntries(third));
    await pull(own, third);
    expect(own.counts).toMatchObject({ looseDots: 0, cloudDots: 0 });
    await expectInvariants(own, await presentEntries(third));
  });

  test('are none that the other side has in its cloud, though their entries are here', async () => {
    const { clock, own, server, third } = await three();
    // So that nothing is late in the end.
    await pull(own, server);
    for (const key of ['a', 'b', 'c']) await third.write([put(key, '1')]);
    await takeEntries(own, third);
    await takeEntries(server, third);
    await third.write([del('a')]);
    await clock.advance(TTL_MS);
    expect(await third.collect()).toMatchObject({ collected: 1 });
    const session = await takeEntries(server, third);
    const differences = [{ key: utf8('a'), theirs: undefined }];
    expect(await server.settle({ session, differences, entries: [] })).toMatchObject({ dropped: 1 });
    expect(server.counts).toMatchObject({ looseDots: 2, cloudDots: 1 });
    expect(await pull(own, server)).toBe('adopted');
    expect(own.counts).toMatchObject({ looseDots: 2, cloudDots: 1 });
    expect(await contents(own)).toMatchObject({ a: '1', b: '1', c: '1' });
    await expectInvariants(own, []);
  });
});

test('a first copy is through when it was adopted, though single dots are loose, as they are at its server', async () => {
  const { server, third } = await three();
  await third.write([put('a', '1'), put('b', '1')]);
  await takeEntries(server, third);
  const fresh = await openTestReplica({ nodeId: 'f' });
  expect(await pull(fresh, server, 'key')).toBe('adopted');
  expect(fresh.counts.looseDots).toBe(2);
  expect(fresh.state.bootstrapping).toBe(false);
});

describe('a row that names its predecessor', () => {
  const nodeId = 's' as NodeId;
  const before = makeActor(nodeId, 10 as Version, 1);
  const actor = makeActor(nodeId, 100 as Version, 1);

  /** Of a server whose rows do not imply it: only the later actor's travels. */
  async function adopt(replica: StoredReplica, row: Partial<FullRow>): Promise<Row | undefined> {
    const { epoch } = await replica.pullerState([]);
    const predecessor = { actor: before, closed: 50 as Version };
    const session: NewSession = {
      peer: nodeId,
      name: '00'.repeat(16),
      order: 'version',
      rows: [{ ...unknownRow(actor), cloudVersions: [], predecessor, ...row }],
      horizon: VERSION_ZERO,
      serverBootstrapping: false,
      serverEntries: 0,
      openedAt: VERSION_ZERO,
      epoch,
    };
    await replica.storeChunk({ peer: nodeId, session, entries: [], bytes: 0, cursor: new Uint8Array(0) });
    expect(await replica.adopt(nodeId)).toBe('adopted');
    return rowOf(replica, before);
  }

  function rowOf(replica: StoredReplica, of: Actor): Row | undefined {
    return replica.rows().find((row) => row.actor === of);
  }

  test('says nothing of it before anything of its own was seen', async () => {
    const row = await adopt(await openTestReplica(), {});
    expect(row?.received ?? birthOf(before)).toBe(birthOf(before));
  });

  test('implies that it was received as far as it was closed, once anything of its own was received', async () => {
    const row = await adopt(await openTestReplica(), { received: 101 as Version });
    expect(row).toMatchObject({ received: 50, closed: birthOf(before) });
  });

  test('implies that it was closed as far, once anything of its own was closed', async () => {
    const seen = 101 as Version;
    expect(await adopt(await openTestReplica(), { received: seen, closed: seen })).toMatchObject({
      received: 50,
      closed: 50,
      loose: SUM_ZERO,
    });
  });

  test('implies nothing while single entries of it are here, whose sum would be left behind', async () => {
    const replica = await openTestReplica();
    const alone = { tombstone: false, value: utf8('1'), expiresAt: undefined };
    const version = 40 as Version;
    const entry = { actor: before, version, first: version, last: version, key: utf8('k'), ...alone };
    const { epoch } = await replica.pullerState([]);
    const session: NewSession = {
      peer: 'x' as NodeId,
      name: '11'.repeat(16),
      order: 'version',
      rows: [{ ...unknownRow(before), cloudVersions: [] }],
      horizon: VERSION_ZERO,
      serverBootstrapping: false,
      serverEntries: 1,
      openedAt: VERSION_ZERO,
      epoch,
    };
    const chunk = { peer: session.peer, session, entries: [entry], bytes: 1, cursor: new Uint8Array(0) };
    await replica.storeChunk(chunk);
    const seen = 101 as Version;
    const row = await adopt(replica, { received: seen, closed: seen });
    expect(row).toMatchObject({ received: birthOf(before), loose: { count: 1 } });
  });
});
