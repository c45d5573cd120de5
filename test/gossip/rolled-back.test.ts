import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import { receivedVersionMax } from '../../src/core/drift.ts';
import { type Version, VERSION_ZERO } from '../../src/core/version.ts';
import { RolledBack } from '../../src/gossip/rolled-back.ts';
import { Warnings } from '../../src/gossip/warnings.ts';
import type { Log } from '../../src/ports/log.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { GossipCluster, MAX_DRIFT_MS } from '../support/gossip-fixture.ts';
import { contents, openTestReplica, put } from '../support/replica-fixture.ts';
import { pull } from '../support/pull.ts';

const B = { nodeId: 'b' as NodeId };

function watch(
  replica: StoredReplica,
  isTwins: () => boolean = () => false,
): {
  rolledBack: RolledBack;
  warnings: () => string[];
  logged: string[];
} {
  const logged: string[] = [];
  const say = (_fields: unknown, message: string): void => void logged.push(message);
  const log = { debug: say, info: say, warn: say, error: say } as unknown as Log;
  const clock = new SimulatedClock();
  const warnings = new Warnings(clock, log);
  const codes = (): string[] => warnings.all().map(({ code, peer }) => `${code} ${peer}`);
  return {
    rolledBack: new RolledBack(replica, warnings, clock, MAX_DRIFT_MS, isTwins),
    warnings: codes,
    logged,
  };
}

/** `a` wrote once, was copied, wrote again; `b` has seen all of it. `back` is the copy, opened again. */
async function rollBack(): Promise<{ b: StoredReplica; a: StoredReplica; back: StoredReplica }> {
  const disk = new MemoryDisk();
  const clock = new SimulatedClock();
  const a = await openTestReplica({ disk, clock });
  await a.write([put('one', '1')]);
  const copy = await disk.copy();
  await clock.advance(10);
  await a.write([put('two', '2')]);
  const b = await openTestReplica({ nodeId: 'b', clock, random: createSeededRandom(2) });
  await pull(b, a);
  const back = await openTestReplica({ disk: copy, clock, random: createSeededRandom(3) });
  return { a, b, back };
}

describe('a node whose disk was rolled back', () => {
  test('is told once, in a sentence, until what its peers have seen is covered again', async () => {
    const { b, back } = await rollBack();
    const { rolledBack, warnings, logged } = watch(back);
    rolledBack.look(B, b.rows());
    rolledBack.look({ nodeId: 'c' as NodeId }, b.rows());
    expect(warnings()).toEqual(['ROLLED_BACK b']);
    expect(logged).toEqual([
      expect.stringMatching(/^Node b has seen writes of this node [^\n]*harmless[^\n]*\.$/),
    ]);
    await pull(back, b);
    rolledBack.clearCovered();
    expect(warnings()).toEqual([]);
    rolledBack.look(B, b.rows());
    expect(warnings()).toEqual([]);
  });

  test('is told when its disk was wiped', async () => {
    const { b } = await rollBack();
    const wiped = await openTestReplica();
    const { rolledBack, warnings } = watch(wiped);
    rolledBack.look(B, b.rows());
    expect(warnings()).toEqual(['ROLLED_BACK b']);
    await pull(wiped, b);
    rolledBack.clearCovered();
    expect(warnings()).toEqual([]);
  });

  test('is not told of what others wrote, of what it knows, or while it heals', async () => {
    const { a, b, back } = await rollBack();
    await b.write([put('three', '3')]);
    const known = watch(a);
    known.rolledBack.look(B, b.rows());
    expect(known.warnings()).toEqual([]);
    await back.giveUp('a test');
    const healing = watch(back);
    healing.rolledBack.look(B, b.rows());
    expect(healing.warnings()).toEqual([]);
  });
});

describe('what several peers show', () => {
  const ACTOR = makeActor('a' as NodeId, 10 as Version, 1);
  const C = { nodeId: 'c' as NodeId };
  const rowAt = (received: number): Row => {
    const version = received as Version;
    return { ...unknownRow(ACTOR), received: version, closed: version };
  };

  /** This node knows its own writes up to 50. */
  function watchAlone(isTwins: () => boolean = () => false): Pick<ReturnType<typeof watch>, 'warnings'> & {
    readonly rolledBack: RolledBack;
    readonly receive: (version: number) => void;
  } {
    let own = rowAt(50);
    const replica = { nodeId: 'a', isHealing: () => false, row: () => own } as unknown as StoredReplica;
    const { rolledBack, warnings } = watch(replica, isTwins);
    return {
      rolledBack,
      warnings,
      receive: (version) => {
        own = rowAt(version);
        rolledBack.clearCovered();
      },
    };
  }

  test.each([30, 80])('is told until all of it is covered, whatever less another shows: %d', (less) => {
    const { rolledBack, warnings, receive } = watchAlone();
    rolledBack.look(B, [rowAt(100)]);
    rolledBack.look(C, [rowAt(less)]);
    receive(99);
    expect(warnings()).toEqual(['ROLLED_BACK b']);
    receive(100);
    expect(warnings()).toEqual([]);
  });

  test('is told as long as one of them shows it', () => {
    const { rolledBack, warnings, receive } = watchAlone();
    rolledBack.look(B, [rowAt(80)]);
    rolledBack.look(C, [rowAt(100)]);
    receive(80);
    expect(warnings()).toEqual(['ROLLED_BACK c']);
    receive(100);
    expect(warnings()).toEqual([]);
  });

  test('is told no more once who showed it does so no more: a repair of its clock took it out there, too', () => {
    const { rolledBack, warnings } = watchAlone();
    rolledBack.look(B, [rowAt(100)]);
    rolledBack.look(C, [rowAt(30)]);
    expect(warnings()).toEqual(['ROLLED_BACK b']);
    rolledBack.look(B, [rowAt(30)]);
    expect(warnings()).toEqual([]);
    rolledBack.look(B, [rowAt(100)]);
    rolledBack.look(B, []);
    expect(warnings()).toEqual([]);
  });

  test('of another live node under this name is another matter', () => {
    const { rolledBack, warnings } = watchAlone(() => true);
    rolledBack.look(B, [rowAt(100)]);
    expect(warnings()).toEqual([]);
  });
});

test('what lies above the limit of the future is no proof, what lies at it is', async () => {
  const limit = receivedVersionMax(new SimulatedClock().wallMs(), MAX_DRIFT_MS);
  for (const [received, expected] of [
    [limit + 1, []],
    [limit, ['ROLLED_BACK b']],
  ] as const) {
    const { rolledBack, warnings } = watch(await openTestReplica());
    const row = unknownRow(makeActor('a' as NodeId, VERSION_ZERO, 1));
    rolledBack.look(B, [row, { ...row, received: received as Version }]);
    expect(warnings()).toEqual(expected);
  }
});

test('a node that is restored from an old disk says so while it gossips, and heals', async () => {
  const cluster = new GossipCluster();
  const b = await cluster.start('b');
  let a = await cluster.start('a', { peers: ['b'] });
  await a.put('one', '1');
  const disk = await cluster.stop(a);
  const old = await disk.copy();
  a = await cluster.start('a', { peers: ['b'], disk });
  await cluster.pass(100);
  await a.put('two', '2');
  await cluster.converge();
  await cluster.stop(a);
  const told = new Set<string>();
  const restored = await cluster.start('a', { peers: ['b'], disk: old, seed: 9 });
  cluster.onSend = () => restored.warnings().forEach((warning) => told.add(warning));
  await cluster.converge();
  await cluster.pass(2000);
  expect([...told]).toEqual(['ROLLED_BACK b']);
  expect(restored.warnings()).toEqual([]);
  expect(b.warnings()).toEqual([]);
  expect(await contents(restored.replica)).toEqual({ one: '1', two: '2' });
  await cluster.stopAll();
});

describe('a node whose clock was repaired', () => {
  test('is not taken for one that was rolled back by a peer that still holds what was taken out', async () => {
    const cluster = new GossipCluster();
    const clockOffsetMs = 4 * MAX_DRIFT_MS;
    const a = await cluster.start('a', { clockOffsetMs });
    const b = await cluster.start('b', { clockOffsetMs, peers: ['a'] });
    await a.put('k', '1');
    await cluster.converge();
    for (const node of [a, b]) node.leap(-clockOffsetMs);
    expect(await a.replica.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1, others: 0 });

    await cluster.pass(5000);
    expect(a.warnings()).toEqual(['REFUSED_FROM_FUTURE b']);
    // By how much depends on when it was refused last.
    expect(a.gossip.warnings()[0]?.message.replace(/\(11[4-9] s/u, '(116 s')).toMatchInlineSnapshot(
      `"Node b sent a causal context from too far in the future (116 s ahead of this node's clock), so nothing of that session was adopted: check the clocks of all machines; once they are right, \`store clock repair\` there takes it out."`,
    );
    await b.replica.repairClock(false);
    await cluster.converge();
    await cluster.pass(5000);
    expect([...a.warnings(), ...b.warnings()]).toEqual([]);
    expect(await contents(b.replica)).toEqual({ k: '1' });
    expect(await contents(a.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('is told of the repair as a cause, if the peer held on to it until its time came', async () => {
    const cluster = new GossipCluster();
    const clockOffsetMs = 4 * MAX_DRIFT_MS;
    const a = await cluster.start('a', { clockOffsetMs });
    const b = await cluster.start('b', { clockOffsetMs, peers: ['a'] });
    await a.put('k', '1');
    await cluster.converge();
    for (const node of [a, b]) node.leap(-clockOffsetMs);
    await a.replica.repairClock(false);
    await cluster.pass(1000);
    const { logged, rolledBack } = watch(a.replica);
    const rows = b.replica.rows();
    rolledBack.look(B, rows);
    expect(logged).toEqual([]);
    const told = new Set<string>();
    cluster.onSend = () => a.warnings().forEach((warning) => told.add(warning));
    await cluster.pass(clockOffsetMs);
    expect([...told].toSorted()).toEqual(['REFUSED_FROM_FUTURE b', 'ROLLED_BACK b']);
    expect(a.warnings()).toEqual([]);
    await cluster.stopAll();
  });
});
