import { describe, expect, test } from 'vitest';
import { DetectorCluster, type Noticed } from '../../src/simulation/detection/detector-cluster.ts';

const SECOND_MS = 1000;

/** How often each was noticed: `up a`, and so on. */
function tally(noticed: readonly Noticed[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type, of } of noticed) counts[`${type} ${of}`] = (counts[`${type} ${of}`] ?? 0) + 1;
  return counts;
}

/** A cluster of `count` that know each other, with the first probes behind them. */
function settled(count: number, seed: number = 1): DetectorCluster {
  const cluster = new DetectorCluster({ seed });
  cluster.startAll(count);
  cluster.pass(3 * SECOND_MS);
  expect(cluster.noticed).toEqual([]);
  return cluster;
}

function isKnownAs(cluster: DetectorCluster, name: string, status: string | undefined): boolean {
  const { nodeId } = cluster.node(name);
  return cluster.nodes
    .filter((node) => node.isAlive && node.nodeId !== nodeId)
    .every(({ membership }) => membership.member(nodeId)?.status === status);
}

describe('a member that dies', () => {
  test.each([
    [2, 7],
    [5, 8],
    [20, 13],
    [100, 20],
  ])('of %d is down at all others within %d s, and each is told once', (count, seconds) => {
    const cluster = settled(count);
    cluster.node('n0001').kill();
    cluster.pass(seconds * SECOND_MS);
    expect(tally(cluster.noticed)).toEqual({ 'suspect n0001': count - 1, 'down n0001': count - 1 });
  });

  test('is suspect first, for long enough to refute', () => {
    const cluster = settled(20);
    cluster.node('n0001').kill();
    cluster.pass(30 * SECOND_MS);
    const suspectMs = cluster.noticed.find(({ type }) => type === 'suspect')?.atMs ?? 0;
    const downMs = cluster.noticed.find(({ type }) => type === 'down')?.atMs ?? 0;
    expect(downMs - suspectMs).toBeGreaterThan(5 * SECOND_MS);
  });

  test('of two by whom a third is suspected does not keep it from being found', () => {
    const cluster = settled(5);
    cluster.node('n0001').kill();
    cluster.node('n0002').kill();
    cluster.until(() => isKnownAs(cluster, 'n0001', 'down') && isKnownAs(cluster, 'n0002', 'down'), 60_000);
  });

  test('and comes again at another address replaces itself at once', () => {
    const cluster = settled(10);
    cluster.node('n0001').kill();
    cluster.pass(2 * SECOND_MS);
    cluster.noticed.length = 0;
    cluster.start('n0001', { address: 'elsewhere:7000' });
    const tookMs = cluster.until(() =>
      cluster.nodes.every(({ membership, nodeId }) =>
        nodeId === 'n0001'
          ? membership.members().length === 10
          : membership
              .members()
              .some(({ address, status }) => address === 'elsewhere:7000' && status === 'up'),
      ),
    );
    expect(tookMs).toBeLessThanOrEqual(200);
    cluster.pass(60 * SECOND_MS);
    expect(cluster.noticed.filter(({ type, of }) => type === 'down' && of === 'n0001')).toEqual([]);
  });
});

describe('a member that is paused', () => {
  test('for a moment is suspected at most, and refutes', () => {
    const cluster = settled(20);
    cluster.node('n0003').stop();
    cluster.pass(4 * SECOND_MS);
    cluster.node('n0003').goOn();
    cluster.pass(30 * SECOND_MS);
    const counts = tally(cluster.noticed);
    expect(counts['suspect n0003']).toBeGreaterThan(0);
    expect(counts['up n0003']).toBe(counts['suspect n0003']);
    expect(counts['down n0003']).toBeUndefined();
  });

  test('for long is down, and up again by itself when it goes on', () => {
    const cluster = settled(20);
    cluster.node('n0003').stop();
    cluster.pass(40 * SECOND_MS);
    expect(isKnownAs(cluster, 'n0003', 'down')).toBe(true);
    cluster.node('n0003').goOn();
    cluster.until(() => isKnownAs(cluster, 'n0003', 'up'), 10 * SECOND_MS);
  });

  test('accuses nobody when it goes on, whatever it finds overdue', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const cluster = settled(10, seed);
      cluster.node('n0003').stop();
      cluster.pass(25 * SECOND_MS + 77 * seed);
      cluster.node('n0003').goOn();
      cluster.pass(30 * SECOND_MS);
      expect(cluster.noticed.filter(({ by }) => by === 'n0003')).toEqual([]);
    }
  });

  test('distrusts itself for a while', () => {
    const cluster = settled(10);
    cluster.node('n0003').stop();
    cluster.pass(5 * SECOND_MS);
    cluster.node('n0003').goOn();
    cluster.pass(SECOND_MS);
    expect(cluster.node('n0003').membership.localHealth).toBeGreaterThan(3);
    cluster.pass(120 * SECOND_MS);
    expect(cluster.node('n0003').membership.localHealth).toBe(0);
  });

  test('again and again is told up and suspect, but nobody else is blamed', () => {
    const cluster = settled(10);
    for (let time = 0; time < 10; time++) {
      cluster.node('n0003').stop();
      cluster.pass(3 * SECOND_MS);
      cluster.node('n0003').goOn();
      cluster.pass(3 * SECOND_MS);
    }
    cluster.pass(30 * SECOND_MS);
    expect(new Set(cluster.noticed.map(({ of }) => of))).toEqual(new Set(['n0003']));
    expect(isKnownAs(cluster, 'n0003', 'up')).toBe(true);
  });
});

describe('a network', () => {
  test('in which two cannot reach each other, but all others can, has no suspects: others probe for them', () => {
    for (const isKnown of [false, true]) {
      const cluster = settled(5);
      cluster.cut('n0001', 'n0002', isKnown);
      cluster.cut('n0002', 'n0001', isKnown);
      cluster.pass(120 * SECOND_MS);
      expect(cluster.noticed).toEqual([]);
    }
  });

  test('in which only one direction is broken has no suspects either', () => {
    const cluster = settled(5);
    cluster.cut('n0001', 'n0002');
    cluster.pass(120 * SECOND_MS);
    expect(cluster.noticed).toEqual([]);
  });

  test('that loses a tenth of all messages has nobody down who lives', () => {
    const cluster = new DetectorCluster({ seed: 4, loss: 0.1 });
    cluster.startAll(30);
    cluster.pass(600 * SECOND_MS);
    expect(cluster.noticed.some(({ type }) => type === 'suspect')).toBe(true);
    expect(cluster.noticed.filter(({ type }) => type === 'down')).toEqual([]);
  });

  test('that falls apart has two halves, each of which finds the other down; they meet again without anyone being down who was not', () => {
    const cluster = settled(10);
    const names = cluster.nodes.map(({ nodeId }) => nodeId);
    const halves = [names.slice(0, 5), names.slice(5)];
    const pairs = (halves[0] ?? []).flatMap((a) => (halves[1] ?? []).map((b) => [a, b] as const));
    for (const [a, b] of pairs)
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const)
        cluster.cut(from, to, true);
    cluster.pass(120 * SECOND_MS);
    for (const [a, b] of pairs) expect(cluster.node(a).membership.member(b)?.status).toBe('down');
    cluster.noticed.length = 0;
    cluster.heal();
    cluster.until(() => names.every((name) => isKnownAs(cluster, name, 'up')), 10 * SECOND_MS);
    expect(cluster.noticed.filter(({ type }) => type === 'down')).toEqual([]);
  });
});

describe('whoever', () => {
  test('joins by one member is known to all, and knows all', () => {
    const cluster = new DetectorCluster({ seed: 1 });
    cluster.start('a');
    for (const name of ['b', 'c', 'd', 'e', 'f']) {
      cluster.start(name);
      for (const other of ['b', 'c', 'd', 'e', 'f']) {
        if (other === name) continue;
        cluster.cut(name, other, true);
        cluster.cut(other, name, true);
      }
    }
    cluster.until(() => cluster.nodes.every(({ membership }) => membership.members().length === 6), 60_000);
    expect(cluster.noticed.every(({ type }) => type === 'up')).toBe(true);
  });

  test('leaves is known to have left by all at once, and stays so', async () => {
    const cluster = settled(50);
    const left = cluster.node('n0007').membership.leave(2 * SECOND_MS);
    cluster.pass(10);
    await left;
    expect(tally(cluster.noticed)).toEqual({ 'left n0007': 49 });
    cluster.node('n0007').kill();
    cluster.pass(60 * SECOND_MS);
    expect(tally(cluster.noticed)).toEqual({ 'left n0007': 49 });
  });

  test('was forgotten does not come back through one who was away and has not heard of it', () => {
    const cluster = settled(10);
    cluster.node('n0009').stop();
    cluster.node('n0003').kill();
    cluster.until(
      () => cluster.node('n0001').membership.member(cluster.node('n0003').nodeId)?.status === 'down',
    );
    expect(cluster.node('n0001').membership.forget(cluster.node('n0003').nodeId)).toBe(true);
    cluster.pass(60 * SECOND_MS);
    cluster.node('n0009').goOn();
    cluster.pass(120 * SECOND_MS);
    expect(isKnownAs(cluster, 'n0003', undefined)).toBe(true);
    const back = cluster.noticed.filter(({ type, of }) => type === 'up' && of === 'n0003');
    expect(back).toEqual([]);
  });

  test('was forgotten comes back when it starts again itself, though its clock is behind', () => {
    const cluster = settled(5);
    cluster.node('n0003').kill();
    cluster.node('n0001').membership.forget(cluster.node('n0003').nodeId);
    cluster.pass(10 * SECOND_MS);
    cluster.start('n0003');
    cluster.until(() => isKnownAs(cluster, 'n0003', 'up'), 10 * SECOND_MS);
  });
});

test('a node sends as much in a cluster of 200 as in one of 10, when nothing happens: two messages in an interval', () => {
  for (const count of [10, 200]) {
    const cluster = settled(count);
    const before = cluster.messages;
    cluster.pass(60 * SECOND_MS);
    expect((cluster.messages - before) / count / 60).toBeCloseTo(2, 1);
  }
});

describe('SWIM alone', () => {
  const swim = { lifeguard: { probe: false, suspicion: false, buddy: false } };

  test('finds a dead member in e / (e - 1) intervals, on average', () => {
    const waits = Array.from({ length: 60 }, (_, seed) => {
      const cluster = new DetectorCluster({ seed, options: swim });
      cluster.startAll(40);
      cluster.pass(10 * SECOND_MS + 50 * seed);
      cluster.node('n0001').kill();
      const killedMs = cluster.time.nowMs;
      cluster.pass(15 * SECOND_MS);
      // A probe fails at the end of its interval.
      return (cluster.noticed[0]?.atMs ?? 0) - killedMs - SECOND_MS;
    });
    const meanMs = waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
    // Members probe at random moments of the interval: the first of them comes e / (e - 1) - 1 intervals later, or less.
    expect(meanMs).toBeGreaterThan(0);
    expect(meanMs).toBeLessThan(SECOND_MS * 1.58);
  });

  test('takes members for dead that are slow, and Lifeguard does not', () => {
    const falseDowns = [swim, {}].map((options) => {
      const cluster = new DetectorCluster({ seed: 3, options });
      cluster.startAll(40);
      cluster.pass(5 * SECOND_MS);
      const slow = new Set(['n0001', 'n0002', 'n0003', 'n0004']);
      for (let round = 0; round < 7; round++) {
        for (const name of slow) cluster.node(name).deafen();
        cluster.pass(12 * SECOND_MS);
        for (const name of slow) cluster.node(name).goOn();
        cluster.pass(100);
      }
      return cluster.noticed.filter(({ type, of }) => type === 'down' && !slow.has(of)).length;
    });
    expect(falseDowns[0]).toBeGreaterThan(100);
    expect((falseDowns[1] ?? 0) * 50).toBeLessThan(falseDowns[0] ?? 0);
  });
});
