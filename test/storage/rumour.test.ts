import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf, type NodeId } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Version } from '../../src/core/version.ts';
import type { Rumour } from '../../src/ports/replica.ts';
import { damaged } from '../../src/storage/damage.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { expectInvariants } from '../support/invariants.ts';
import { pull, readSession } from '../support/pull.ts';
import {
  contents,
  del,
  openTestReplica,
  presentEntries,
  put,
  text,
  utf8,
} from '../support/replica-fixture.ts';

const MAX_DRIFT_MS = 30_000;
const TTL_MS = 20_000;

let clock: SimulatedClock;
let writer: StoredReplica;
let node: StoredReplica;
let lastVersion: Version | undefined;
let written: Entry[];

async function open(nodeId: string, at: SimulatedClock = clock): Promise<StoredReplica> {
  return openTestReplica({ nodeId, clock: at, maxDriftMs: MAX_DRIFT_MS, tombstoneTtlMs: TTL_MS });
}

beforeEach(async () => {
  clock = new SimulatedClock();
  writer = await open('w');
  node = await open('n');
  lastVersion = undefined;
  written = [];
});

/** What `from` wrote just now, as the rumour that would tell of it. */
async function rumourOf(from: StoredReplica, ...writes: Write[]): Promise<Rumour> {
  await from.write(writes);
  const actor = from.runActor as Actor;
  const names = new Set(writes.map(({ key }) => text(key)));
  const entries = (await presentEntries(from)).filter(
    (entry) => entry.actor === actor && names.has(text(entry.key)),
  );
  entries.sort((a, b) => a.version - b.version);
  const prev = lastVersion !== undefined && lastVersion > birthOf(actor) ? lastVersion : birthOf(actor);
  lastVersion = entries.at(-1)?.last;
  written.push(...entries);
  return { entries, prev, predecessor: from.row(actor)?.predecessor };
}

function receivedBeyondBirth(replica: StoredReplica, actor: Actor): number {
  const row = replica.row(actor);
  assert(row !== undefined, 'the actor is known');
  return row.received - birthOf(actor);
}

describe('a rumour', () => {
  test('is noted for the session that was opened last, though a node tells its state for another reason', async () => {
    const { rumoured } = await node.pullerState([], true);
    expect(await node.pullerState([])).not.toHaveProperty('rumoured');
    await node.applyRumour(await rumourOf(writer, put('x', '1')));
    expect([...(rumoured ?? [])].map(([actor]) => actor)).toEqual([writer.runActor]);
  });

  test('is applied where it leaves no gap: what was received grows, what is closed does not', async () => {
    const first = await rumourOf(writer, put('x', '1'), put('y', '1'));
    expect(await node.applyRumour(first)).toBe('applied');
    const actor = writer.runActor as Actor;
    expect(node.row(actor)).toMatchObject({ received: first.entries.at(-1)?.last, closed: birthOf(actor) });
    expect(await contents(node)).toEqual({ x: '1', y: '1' });
    expect(await node.applyRumour(await rumourOf(writer, put('x', '2')))).toBe('applied');
    expect(await contents(node)).toEqual({ x: '2', y: '1' });
    await expectInvariants(node, written);
  });

  test('that is known changes nothing, however often it comes', async () => {
    const rumour = await rumourOf(writer, put('x', '1'));
    await node.applyRumour(rumour);
    const hash = node.contextHash();
    expect(await node.applyRumour(rumour)).toBe('known');
    expect(node.contextHash()).toBe(hash);
    expect(node.state.all.count).toBe(1);
  });

  test('is not taken for the write of another node that has its key and its version', async () => {
    const other = await open('a');
    expect(await node.applyRumour(await rumourOf(other, put('k', 'smaller')))).toBe('applied');
    lastVersion = undefined;
    expect(await node.applyRumour(await rumourOf(writer, put('k', 'larger')))).toBe('applied');
    expect(new Set(written.map(({ version }) => version)).size).toBe(1);
    expect(await contents(node)).toEqual({ k: 'larger' });
    await expectInvariants(node, written);
  });

  test('that comes before the one before it is a gap, and is applied after that one', async () => {
    const first = await rumourOf(writer, put('x', '1'));
    const second = await rumourOf(writer, put('y', '1'));
    expect(await node.applyRumour(second)).toBe('gap');
    expect(await contents(node)).toEqual({});
    expect(await node.applyRumour(first)).toBe('applied');
    expect(await node.applyRumour(second)).toBe('applied');
    expect(await contents(node)).toEqual({ x: '1', y: '1' });
  });

  test('of a batch of which part was received already is a gap', async () => {
    const rumour = await rumourOf(writer, put('x', '1'), put('y', '1'));
    const [x] = rumour.entries;
    assert(x !== undefined, 'a batch has a first entry');
    const alone = { ...x, first: x.version, last: x.version };
    expect(await node.applyRumour({ ...rumour, entries: [alone] })).toBe('applied');
    expect(await node.applyRumour(rumour)).toBe('gap');
  });

  test('of a loose entry that a session brought is taken out of the loose sums', async () => {
    const first = await rumourOf(writer, put('x', '1'));
    const second = await rumourOf(writer, put('y', '1'));
    // So that R7 does not exempt it, and rumours are taken.
    await node.write([put('own', '1')]);
    const { chunks } = await readSession(node, writer);
    for (const chunk of chunks) await node.storeChunk(chunk);
    expect(node.counts.looseDots).toBe(2);
    expect(await node.applyRumour(first)).toBe('applied');
    expect(node.counts.looseDots).toBe(1);
    expect(await node.applyRumour(second)).toBe('applied');
    expect(node.counts.looseDots).toBe(0);
    await expectInvariants(node, written);
    expect(await node.adopt(writer.nodeId)).toBe('adopted');
    expect(node.row(writer.runActor as Actor)).toEqual(writer.row(writer.runActor as Actor));
    await expectInvariants(node, written);
  });

  test('covers a dot of the cloud: what was replaced here does not come back', async () => {
    const rumour = await rumourOf(writer, put('x', '1'));
    await node.write([put('own', '1')]);
    const { chunks } = await readSession(node, writer);
    for (const chunk of chunks) await node.storeChunk(chunk);
    await clock.advance(10);
    await node.write([put('x', 'mine')]);
    expect(node.counts.cloudDots).toBe(1);
    expect(await node.applyRumour(rumour)).toBe('applied');
    expect(node.counts.cloudDots).toBe(0);
    expect(await contents(node)).toEqual({ own: '1', x: 'mine' });
    await expectInvariants(node, written);
  });

  test('covers a dot that came ahead of its past and was dropped since: it does not come back', async () => {
    const rumour = await rumourOf(writer, put('x', '1'));
    await node.write([put('own', '1')]);
    const { chunks } = await readSession(node, writer);
    for (const chunk of chunks) await node.storeChunk(chunk);
    const third = await open('t');
    await pull(third, writer);
    await third.write([del('x')]);
    await clock.advance(TTL_MS);
    expect(await third.collect()).toEqual({ collected: 1, kept: 0 });
    const session = (await readSession(node, third)).chunks[0]?.session;
    assert(session !== undefined, 'the first chunk brings the session');
    const differences = [{ key: utf8('x'), theirs: undefined }];
    expect((await node.settle({ session, differences, entries: [] })).dropped).toBe(1);
    expect(await node.applyRumour(rumour)).toBe('applied');
    expect(await contents(node)).toEqual({ own: '1' });
  });

  test('is on disk when it is answered', async () => {
    const store = await forgetfulStore();
    const replica = await openTestReplica({ nodeId: 'n', store, clock });
    expect(await replica.applyRumour(await rumourOf(writer, put('x', '1')))).toBe('applied');
    const disk = await store.afterPowerLoss(store.batches, () => false);
    expect(await contents(await openTestReplica({ nodeId: 'n', disk, clock }))).toEqual({ x: '1' });
  });

  test('is told to who watches with the peer that it came from', async () => {
    const watcher = node.watch(utf8(''), undefined);
    await watcher.step();
    await node.applyRumour(await rumourOf(writer, put('x', '1')), 'p' as NodeId);
    expect(await watcher.step()).toMatchObject([{ kind: 'put', from: 'p' }]);
    await watcher.close();
  });

  test('that loses to a larger entry is received all the same', async () => {
    const rumour = await rumourOf(writer, put('x', '1'));
    await clock.advance(10);
    await node.write([put('x', 'mine')]);
    expect(await node.applyRumour(rumour)).toBe('applied');
    expect(await contents(node)).toEqual({ x: 'mine' });
    expect(receivedBeyondBirth(node, writer.runActor as Actor)).toBeGreaterThan(0);
    expect(node.counts).toMatchObject({ cloudDots: 0, looseDots: 0 });
  });

  test('of a deletion is taken, and its certificate is not collected before a session closed it', async () => {
    await node.applyRumour(await rumourOf(writer, put('x', '1')));
    await node.applyRumour(await rumourOf(writer, del('x')));
    await clock.advance(TTL_MS);
    expect(await node.collect()).toEqual({ collected: 0, kept: 1 });
    expect(await pull(node, writer)).toBe('adopted');
    expect(await node.collect()).toEqual({ collected: 1, kept: 0 });
  });

  test('changes nothing but latency: a session afterwards brings both to the same', async () => {
    await node.write([put('own', '1')]);
    await rumourOf(writer, put('lost', '1'));
    await node.applyRumour(await rumourOf(writer, put('x', '1')));
    await pull(node, writer);
    await pull(writer, node);
    expect(node.contextHash()).toBe(writer.contextHash());
    expect(await contents(node)).toEqual(await contents(writer));
  });
});

describe("an actor's first rumour", () => {
  /** The writer begins another actor after a long silence. */
  async function nextActor(): Promise<Rumour> {
    const before = writer.runActor;
    await clock.advance(TTL_MS);
    const rumour = await rumourOf(writer, put('y', '1'));
    expect(writer.runActor).not.toBe(before);
    expect(rumour.predecessor?.actor).toBe(before);
    return rumour;
  }

  test('waits for what was received of its predecessor', async () => {
    const before = await rumourOf(writer, put('x', '1'));
    const rumour = await nextActor();
    expect(await node.applyRumour(rumour)).toBe('gap');
    expect(await contents(node)).toEqual({});
    expect(await node.applyRumour(before)).toBe('applied');
    expect(await node.applyRumour(rumour)).toBe('applied');
    expect(await contents(node)).toEqual({ x: '1', y: '1' });
    expect(node.row(writer.runActor as Actor)?.predecessor).toEqual(rumour.predecessor);
    await expectInvariants(node, written);
  });
});

describe('a rumour is not taken', () => {
  test('from more than two drifts ahead, and is taken once it is not', async () => {
    const ahead = new SimulatedClock(clock.wallMs() + 2 * MAX_DRIFT_MS);
    const rumour = await rumourOf(await open('f', ahead), put('x', '1'));
    expect(await node.applyRumour(rumour)).toBe('refused');
    expect(node.rows()).toEqual([]);
    await clock.advance(1);
    expect(await node.applyRumour(rumour)).toBe('applied');
  });

  test('by a node that is damaged, until it has given up its context', async () => {
    const first = await rumourOf(writer, put('x', '1'));
    await node.noteDamage(damaged('is damaged'));
    expect(await node.applyRumour(first)).toBe('busy');
    expect(await contents(node)).toEqual({});
    await node.giveUp('a test wants it');
    expect(await node.applyRumour(first)).toBe('applied');
  });

  test('while a comparison runs', async () => {
    const rumour = await rumourOf(writer, put('x', '1'));
    const { chunks } = await readSession(node, writer);
    const session = chunks[0]?.session;
    assert(session !== undefined, 'the first chunk brings the session');
    const pinned = await node.beginComparison(session);
    expect(await node.applyRumour(rumour)).toBe('busy');
    await pinned.close();
    node.endComparison();
    expect(await node.applyRumour(rumour)).toBe('applied');
  });

  test('by a node that held nothing when its session began, until it has adopted', async () => {
    for (const name of ['x', 'y']) await writer.write([put(name, '1')]);
    const other = await open('o');
    const rumour = await rumourOf(other, put('z', '1'));
    const { chunks } = await readSession(node, writer, 'key', 1);
    const [first, second] = chunks;
    assert(first !== undefined && second !== undefined, 'two keys come in two chunks');
    await node.storeChunk(first);
    expect(await node.applyRumour(rumour)).toBe('busy');
    await node.storeChunk(second);
    expect(await node.adopt(writer.nodeId)).toBe('adopted');
    expect(await node.applyRumour(rumour)).toBe('applied');
  });
});
