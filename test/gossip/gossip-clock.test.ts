import { describe, expect, test } from 'vitest';
import { birthOf } from '../../src/core/actor.ts';
import { versionAt } from '../../src/core/version.ts';
import {
  GossipCluster,
  INTERVAL_MS,
  keysSent,
  MAX_DRIFT_MS,
  type TestNode,
} from '../support/gossip-fixture.ts';
import { contents, presentEntries } from '../support/replica-fixture.ts';

/** So long that no node begins a new actor because of a leap of its clock. */
const tombstoneTtlMs = 1e9;

function refusedBy(node: TestNode): string[] {
  return node.warnings().filter((warning) => warning.startsWith('REFUSED_FROM_FUTURE'));
}

describe('a peer whose clock is ahead', () => {
  test('by more than one drift: nothing is taken from it, and both are told to check', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { clockOffsetMs: MAX_DRIFT_MS + 1 });
    await a.put('from-a', '1');
    const b = await cluster.start('b', { peers: ['a'] });
    await b.put('from-b', '1');

    await cluster.pass(10 * INTERVAL_MS);

    expect(await contents(b.replica)).toEqual({ 'from-b': '1' });
    expect(b.warnings()).toEqual(['CLOCK_OFFSET a']);
    expect(b.gossip.warnings()[0]?.message).toMatchInlineSnapshot(
      `"The clock of node a is 30 s ahead of this one, so nothing is taken from it: check both machines."`,
    );
    expect(b.gossip.peers()[0]?.clockOffsetMs).toBe(MAX_DRIFT_MS + 1);
    // The one that is ahead takes what the other wrote.
    expect(await contents(a.replica)).toEqual({ 'from-a': '1', 'from-b': '1' });
    expect(a.warnings()).toEqual(['CLOCK_OFFSET b']);
    expect(a.gossip.warnings()[0]?.message).toMatchInlineSnapshot(
      `"The clock of node b is 30 s behind this one: check both machines."`,
    );
    await cluster.stopAll();
  });

  test('by exactly one drift is a peer like any other', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { clockOffsetMs: MAX_DRIFT_MS });
    await a.put('from-a', '1');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.converge();
    expect(await contents(b.replica)).toEqual({ 'from-a': '1' });
    expect([...a.warnings(), ...b.warnings()]).toEqual([]);
    await cluster.stopAll();
  });

  test('gives nothing if its clock leaps ahead just before it answers', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    await a.put('from-a', '1');
    cluster.onSend = ({ message }) => {
      if (message === 'malformed' || message.type !== 'open') return;
      a.leap(MAX_DRIFT_MS + 1);
      cluster.onSend = () => {};
    };
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5 * INTERVAL_MS);
    expect(await contents(b.replica)).toEqual({});
    expect(await b.gossip.pulled()).toEqual([]);
    expect(b.warnings()).toEqual(['CLOCK_OFFSET a']);
    await cluster.stopAll();
  });

  test('is taken from once its clock was set right, and the warning is gone', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { clockOffsetMs: 1.5 * MAX_DRIFT_MS });
    await a.put('from-a', '1');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5 * INTERVAL_MS);
    expect(b.warnings()).toEqual(['CLOCK_OFFSET a']);

    a.leap(-1.5 * MAX_DRIFT_MS);
    await cluster.converge();
    await cluster.pass(3 * INTERVAL_MS);

    expect(await contents(b.replica)).toEqual({ 'from-a': '1' });
    expect([...a.warnings(), ...b.warnings()]).toEqual([]);
    await cluster.stopAll();
  });
});

/** The last version of `s` lies exactly `aheadMs` beyond the right time; its clock is right again. */
async function serverAhead(cluster: GossipCluster, aheadMs: number): Promise<TestNode> {
  const s = await cluster.start('s', { tombstoneTtlMs, clockOffsetMs: aheadMs });
  await s.put('first', '1');
  await cluster.pass(1);
  await s.put('second', '2');
  const last = (await presentEntries(s.replica)).at(-1);
  expect(last?.version).toBe(versionAt(cluster.clock.wallMs() + aheadMs));
  s.leap(-aheadMs);
  return s;
}

/**
 * `m` holds one entry of `s` that lies `aheadMs` ahead of the right time, beyond a causal context that does not: the
 * session in which it came broke off.
 */
async function holderOfOneEntry(cluster: GossipCluster, aheadMs: number): Promise<TestNode> {
  const s = await cluster.start('s', { tombstoneTtlMs, chunkBytes: 1 });
  await s.put('old', '1');
  const m = await cluster.start('m', { tombstoneTtlMs, chunkBytes: 1, peers: ['s'] });
  await cluster.converge();
  await cluster.pass(INTERVAL_MS);
  for (const node of [s, m]) node.leap(aheadMs);
  let chunks = 0;
  cluster.onSend = (sent) => {
    if (keysSent(sent).length > 0 && ++chunks === 2) cluster.network.cut('s', 'm');
  };
  await s.put('future', '2');
  await s.put('later', '3');
  const writtenAtMs = m.wallMs();
  await cluster.until(() => chunks === 2);
  cluster.onSend = () => {};
  // Back to the right time, and before the round in which it came.
  m.leap(writtenAtMs - aheadMs - m.wallMs());
  expect(await contents(m.replica)).toEqual({ old: '1', future: '2' });
  return m;
}

describe('what was written too far in the future', () => {
  test('exactly two drifts ahead is accepted', async () => {
    const cluster = new GossipCluster();
    const s = await serverAhead(cluster, 2 * MAX_DRIFT_MS);
    const p = await cluster.start('p', { tombstoneTtlMs, peers: ['s'] });
    await cluster.pass(0);
    expect(await contents(p.replica)).toEqual({ first: '1', second: '2' });
    expect(p.replica.contextHash()).toBe(s.replica.contextHash());
    expect(p.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('a millisecond more is refused: nothing is stored, nothing adopted, and the warning names the peer', async () => {
    const cluster = new GossipCluster();
    const s = await serverAhead(cluster, 2 * MAX_DRIFT_MS + 1);
    const p = await cluster.start('p', { tombstoneTtlMs, peers: ['s'] });
    await cluster.pass(0);
    expect(await contents(p.replica)).toEqual({});
    expect(p.replica.rows()).toEqual([]);
    expect(await p.gossip.pulled()).toEqual([]);
    expect(s.gossip.served()).toEqual([]);
    expect(p.warnings()).toEqual(['REFUSED_FROM_FUTURE s']);
    expect(p.gossip.warnings()[0]?.message).toMatchInlineSnapshot(
      `"Node s sent a causal context from too far in the future (60 s ahead of this node's clock), so nothing of that session was adopted: check the clocks of all machines; once they are right, \`store clock repair\` there takes it out."`,
    );
    await cluster.stopAll();
  });

  test('is taken when its time has come closer, and the warning is gone', async () => {
    const cluster = new GossipCluster();
    const s = await serverAhead(cluster, 2 * MAX_DRIFT_MS + 1);
    const p = await cluster.start('p', { tombstoneTtlMs, peers: ['s'] });
    await cluster.pass(0);
    expect(p.warnings()).toHaveLength(1);
    await cluster.converge();
    expect(await contents(p.replica)).toEqual(await contents(s.replica));
    expect(p.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('a single entry too far ahead is refused, though the causal context is not: nothing is adopted', async () => {
    const cluster = new GossipCluster();
    const m = await holderOfOneEntry(cluster, 2 * MAX_DRIFT_MS + 1);
    const clockOffsetMs = m.wallMs() - Math.floor(cluster.clock.wallMs());
    const p = await cluster.start('p', { tombstoneTtlMs, clockOffsetMs, peers: ['m'] });

    await cluster.pass(0);

    expect(refusedBy(p)).toEqual(['REFUSED_FROM_FUTURE m']);
    // What was stored before stays, as single dots; nothing is claimed of it.
    expect(p.replica.rows().filter(({ actor, received }) => received > birthOf(actor))).toEqual([]);
    expect(await contents(p.replica)).not.toHaveProperty('future');
    expect(await p.gossip.pulled()).toEqual([]);
    await cluster.stopAll();
  });

  test('a single entry exactly two drifts ahead is accepted', async () => {
    const cluster = new GossipCluster();
    const m = await holderOfOneEntry(cluster, 2 * MAX_DRIFT_MS);
    const clockOffsetMs = m.wallMs() - Math.floor(cluster.clock.wallMs());
    const p = await cluster.start('p', { tombstoneTtlMs, clockOffsetMs, peers: ['m'] });
    await cluster.pass(0);
    expect(refusedBy(p)).toEqual([]);
    expect(await contents(p.replica)).toEqual({ old: '1', future: '2' });
    await cluster.stopAll();
  });
});
