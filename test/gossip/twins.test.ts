/** Two live nodes under one name, and what is not to be taken for that. */

import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { unknownRow } from '../../src/core/context.ts';
import { type Version, versionAt } from '../../src/core/version.ts';
import { Twins } from '../../src/gossip/twins.ts';
import { Warnings } from '../../src/gossip/warnings.ts';
import { GossipCluster, MAX_DRIFT_MS, type TestNode } from '../support/gossip-fixture.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { contents } from '../support/replica-fixture.ts';

/** `one` and later `two` run on a folder and its copy, under the name `twin`; both talk to `c`, and not to each other. */
async function cloned(firstToDial: string = 'one'): Promise<{
  cluster: GossipCluster;
  c: TestNode;
  one: TestNode;
  two: TestNode;
  log: RecordingLog;
}> {
  const cluster = new GossipCluster();
  const log = new RecordingLog();
  const c = await cluster.start('c');
  const first = await cluster.start('one', { nodeId: 'twin', peers: ['c'], seed: 11 });
  await first.put('k', '1');
  await cluster.converge();
  const disk = await cluster.stop(first);
  const copy = await disk.copy();
  if (firstToDial === 'two') cluster.network.cut('one', 'c');
  const one = await cluster.start('one', { nodeId: 'twin', peers: ['c'], disk, seed: 12, log });
  await cluster.pass(1);
  const two = await cluster.start('two', { nodeId: 'twin', peers: ['c'], disk: copy, seed: 13 });
  await cluster.pass(5000);
  cluster.network.heal('one', 'c');
  return { cluster, c, one, two, log };
}

describe('a row under the own name is that of a twin', () => {
  const nodeId = 'twin' as NodeId;
  const own = makeActor(nodeId, 1 as Version, 1);
  const foreign = makeActor(nodeId, 1 as Version, 2);

  function start() {
    const clock = new SimulatedClock();
    const warnings = new Warnings(clock, silentLog);
    const replica = { nodeId, hasWrittenAs: (actor: Actor) => actor === own };
    const since = versionAt(clock.wallMs() + MAX_DRIFT_MS);
    const twins = new Twins(replica, clock, warnings, MAX_DRIFT_MS);
    const isTwins = (actor: Actor, above: number): boolean =>
      twins.isTwins({ ...unknownRow(actor), received: (since + above) as Version });
    return { clock, isTwins, codes: () => warnings.all().map(({ code, peer }) => `${code} ${peer}`) };
  }

  test('if it was written over one drift after this process began, by an actor not its own', () => {
    const { isTwins, codes } = start();
    expect(isTwins(foreign, 0)).toBe(false);
    expect(isTwins(own, 1)).toBe(false);
    expect(isTwins(makeActor('twins' as NodeId, 1 as Version, 2), 1)).toBe(false);
    expect(codes()).toEqual([]);
    expect(isTwins(foreign, 1)).toBe(true);
    expect(codes()).toEqual(['SAME_NAME twin']);
  });

  test('and warned of for ten minutes after its last write, however often the same one is shown', async () => {
    const { clock, isTwins, codes } = start();
    expect(isTwins(foreign, 1)).toBe(true);
    await clock.advance(300_000);
    expect(isTwins(foreign, 2)).toBe(true);
    await clock.advance(599_999);
    expect(isTwins(foreign, 2)).toBe(true);
    expect(codes()).toEqual(['SAME_NAME twin']);
    await clock.advance(1);
    expect(isTwins(foreign, 2)).toBe(true);
    expect(codes()).toEqual([]);
    expect(isTwins(foreign, 3)).toBe(true);
    expect(codes()).toEqual(['SAME_NAME twin']);
  });
});

describe('a folder that was copied, of which both copies run', () => {
  test('is served for the process that began first only, whichever of them dials first', async () => {
    for (const firstToDial of ['one', 'two']) {
      const { cluster, c, one, two } = await cloned(firstToDial);
      await cluster.pass(30_000);
      await one.put('of one', '1');
      await two.put('of two', '1');
      await cluster.pass(60_000);
      expect(await contents(c.replica)).toEqual({ k: '1', 'of one': '1' });
      expect(await contents(two.replica)).toEqual({ k: '1', 'of two': '1' });
      await cluster.stopAll();
    }
  });

  test('loses nothing: what the later one wrote comes as soon as the first one is gone', async () => {
    const { cluster, c, one, two } = await cloned();
    await one.put('k', 'one');
    await two.put('of two', '1');
    await cluster.pass(10_000);
    await cluster.stop(one);
    await cluster.converge(60_000);
    for (const node of [c, two]) expect(await contents(node.replica)).toEqual({ k: 'one', 'of two': '1' });
    await cluster.stopAll();
  });

  test('is told by a peer of both, and to the one that is refused, and not for ever', async () => {
    const { cluster, c, one, two } = await cloned();
    await cluster.pass(60_000);
    expect(c.gossip.warnings()).toEqual([
      {
        code: 'SAME_NAME',
        peer: 'twin',
        message:
          'Two nodes run under one name, twin: a folder was copied, and both copies run. The one that began later is refused: stop it, and start it again with another name and an empty folder (`store export` and `store import` bring over what only it holds).',
      },
    ]);
    expect(one.warnings()).toEqual([]);
    expect(two.gossip.warnings().map(({ message }) => message)).toEqual([
      'This node was refused by the peer at c:7000: two nodes have the name twin: give one of them another name, and an empty folder (`store export` and `store import` bring over what only it holds).',
    ]);
    await cluster.stop(two);
    await cluster.pass(120_000);
    expect(c.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('is told to the first one by what the other writes, where it comes by a node that knows only that one', async () => {
    const { cluster, c, one, two, log } = await cloned();
    const d = await cluster.start('d', { peers: ['c', 'two'] });
    cluster.network.cut('c', 'two');
    await cluster.pass(MAX_DRIFT_MS + 1000);
    await two.put('of two', '1');
    await cluster.until(() => one.warnings().length > 0, 60_000);
    await two.put('of two', '2');
    await cluster.pass(10_000);
    expect(one.warnings()).toEqual(['SAME_NAME twin']);
    expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    for (const node of [c, d, one]) expect(await contents(node.replica)).toEqual({ k: '1', 'of two': '2' });
    await cluster.stopAll();
  });
});

describe('a node that comes back', () => {
  test('is no twin of itself, though its old connection was never closed', async () => {
    const cluster = new GossipCluster();
    const c = await cluster.start('c');
    const a = await cluster.start('a', { peers: ['c'], seed: 1 });
    await a.put('k', '1');
    await cluster.converge();
    cluster.stall('a', 'c');
    const disk = await a.disk.copy();
    const again = await cluster.start('b', { nodeId: 'a', peers: ['c'], disk, seed: 2 });
    await again.put('k', '2');
    await cluster.pass(60_000);
    expect(c.warnings()).toEqual([]);
    expect(again.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('with an empty folder says that its past is coming back, and is no twin', async () => {
    const cluster = new GossipCluster();
    const log = new RecordingLog();
    const c = await cluster.start('c');
    const a = await cluster.start('a', { peers: ['c'], seed: 1 });
    await a.put('k', '1');
    await cluster.converge();
    await cluster.stop(a);
    const again = await cluster.start('a', { peers: ['c'], seed: 2, log });
    await cluster.converge();
    expect(log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn Node c has seen writes of this node that it does not know itself: /),
    ]);
    expect(again.warnings()).toEqual([]);
    expect(await contents(again.replica)).toEqual(await contents(c.replica));
    await cluster.stopAll();
  });
});
