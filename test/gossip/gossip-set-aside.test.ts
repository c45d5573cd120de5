import { describe, expect, test } from 'vitest';
import {
  GossipCluster,
  keysSent,
  putMany,
  SESSION_TIMEOUT_MS,
  type TestNode,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

const KEYS = 20;

interface SetAside {
  readonly cluster: GossipCluster;
  readonly a: TestNode;
  readonly b: TestNode;
  readonly c: TestNode;
}

/** `b` got nine of the keys of `a`, then `whenTen` happened; `c` has what `cHas` says. */
async function setAside(
  whenTen: (cluster: GossipCluster) => void,
  cHas: 'the same' | 'other keys',
): Promise<SetAside> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { chunkBytes: 1 });
  for (const write of putMany(KEYS)) await a.write(write);
  const c = await cluster.start('c', { peers: cHas === 'the same' ? ['a'] : [] });
  if (cHas === 'the same') await cluster.converge();
  else for (const write of putMany(KEYS, 'value', 100)) await c.write(write);
  let chunks = 0;
  cluster.onSend = (sent) => {
    const isCounted = sent.from === 'a' && sent.to === 'b' && keysSent(sent).length > 0;
    if (isCounted && ++chunks === 10) whenTen(cluster);
  };
  const b = await cluster.start('b', { peers: ['a', 'c'] });
  if (cHas === 'the same') cluster.network.cut('b', 'c');
  await cluster.pass(0);
  return { cluster, a, b, c };
}

function keyCount(node: TestNode): Promise<number> {
  return contents(node.replica).then((held) => Object.keys(held).length);
}

describe('a session that was set aside', () => {
  test('keeps nobody waiting: the next peer has its turn as soon as two seconds are over', async () => {
    const { cluster, b } = await setAside((network) => network.stall('a', 'b'), 'other keys');
    await cluster.pass(2500);
    expect(await keyCount(b)).toBeGreaterThanOrEqual(9 + KEYS);
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', state: 'set-aside' }]);
    await cluster.stopAll();
  });

  test('is brought to its end when its peer is back, even if all came from others meanwhile', async () => {
    const { cluster, a, b, c } = await setAside(({ network }) => network.cut('a', 'b'), 'the same');
    cluster.network.heal('b', 'c');
    await cluster.until(() => b.replica.contextHash() === c.replica.contextHash());
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', state: 'set-aside' }]);

    cluster.network.heal('a', 'b');
    await cluster.pass(35_000);

    expect(await b.gossip.pulled()).toEqual([]);
    expect(a.gossip.served()).toEqual([]);
    expect(b.replica.state.bootstrapping).toBe(false);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });

  test('is dropped once its peer cannot have kept it, and what a first copy brought is handed on', async () => {
    const { cluster, b, c } = await setAside(({ network }) => network.cut('a', 'b'), 'other keys');
    await cluster.pass(2 * SESSION_TIMEOUT_MS - 2000);
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', state: 'set-aside' }]);
    expect(b.replica.state.bootstrapping).toBe(true);
    expect(await keyCount(c)).toBe(KEYS);

    await cluster.pass(5000);

    expect(await b.gossip.pulled()).toEqual([]);
    expect(b.replica.state.bootstrapping).toBe(false);
    expect(await keyCount(c)).toBe(9 + KEYS);
    expect(await contents(c.replica)).toEqual(await contents(b.replica));
    await cluster.stopAll();
  });

  test('does not keep a node from finding that others have seen what it had then: single dots are covered later', async () => {
    const { cluster, b } = await setAside(({ network }) => network.cut('a', 'b'), 'the same');
    expect(b.replica.counts.looseDots).toBe(9);
    let seen: boolean | undefined;
    void b.gossip
      .waitUntilSeen(() => false)
      .then((outcome) => {
        seen = outcome;
      });
    await cluster.pass(5000);
    expect(seen).toBeUndefined();

    cluster.network.heal('a', 'b');
    cluster.network.heal('b', 'c');
    await cluster.until(() => seen !== undefined, 60_000);
    expect(seen).toBe(true);
    await cluster.stopAll();
  });
});
