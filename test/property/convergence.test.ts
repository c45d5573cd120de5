import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cluster, type Delivery, type TestSession } from '../support/cluster.ts';
import type { Write } from '../../src/storage/write.ts';
import { expectInvariants, expectWholeBatches } from '../support/invariants.ts';
import { utf8 } from '../support/replica-fixture.ts';

type Action =
  | { readonly do: 'put' | 'del' | 'ttl'; readonly node: number; readonly key: string }
  | { readonly do: 'batch'; readonly node: number; readonly keys: readonly string[] }
  | { readonly do: 'open'; readonly node: number; readonly server: number }
  | { readonly do: 'chunk'; readonly node: number; readonly delivery: Delivery }
  | { readonly do: 'break' | 'end' | 'kill' | 'restart' | 'compact' | 'collect'; readonly node: number }
  | { readonly do: 'pull'; readonly node: number; readonly server: number }
  | { readonly do: 'wait'; readonly seconds: number };

const node = fc.nat({ max: 4 });
const key = fc.constantFrom('a', 'b', 'c', 'd');
const keys = fc.uniqueArray(key, { minLength: 2, maxLength: 3 });
const server = fc.nat({ max: 4 });
const delivery = fc.constantFrom<Delivery[]>(
  'delivered',
  'delivered',
  'request-lost',
  'reply-lost',
  'repeated',
);

const commonActions: fc.Arbitrary<Action>[] = [
  fc.record({
    do: fc.constantFrom('put' as const, 'put' as const, 'del' as const, 'ttl' as const),
    node,
    key,
  }),
  fc.record({ do: fc.constant('batch' as const), node, keys }),
  fc.record({ do: fc.constant('open' as const), node, server }),
  fc.record({ do: fc.constant('chunk' as const), node, delivery }),
  fc.record({ do: fc.constant('chunk' as const), node, delivery }),
  fc.record({
    do: fc.constantFrom('break' as const, 'end' as const, 'kill' as const, 'restart' as const),
    node,
  }),
  fc.record({ do: fc.constant('compact' as const), node }),
  fc.record({ do: fc.constant('pull' as const), node, server }),
];

const schedule = (
  actions: readonly fc.Arbitrary<Action>[],
): fc.Arbitrary<{ size: number; actions: Action[] }> =>
  fc.record({
    size: fc.integer({ min: 2, max: 5 }),
    actions: fc.array(fc.oneof(...actions), { maxLength: 40, size: 'max' }),
  });

/** Sessions by the node that pulls: one at a time. */
type Running = Map<number, TestSession>;

function write(name: string, value: Uint8Array | undefined, expiresAt?: number): Write {
  return { key: utf8(name), value, expiresAt };
}

async function perform(cluster: Cluster, running: Running, action: Action): Promise<void> {
  const size = cluster.nodes.length;
  if (action.do === 'wait') return cluster.clock.advance(action.seconds * 1000);
  const at = action.node % size;
  switch (action.do) {
    case 'put':
      return cluster.write(at, [write(action.key, cluster.nextValue())]);
    case 'ttl':
      return cluster.write(at, [write(action.key, cluster.nextValue(), cluster.clock.wallMs() + 5000)]);
    case 'del':
      return cluster.write(at, [write(action.key, undefined)]);
    case 'batch':
      return cluster.write(
        at,
        action.keys.map((name, index) => write(name, index === 1 ? undefined : cluster.nextValue())),
      );
    case 'open': {
      const from = action.server % size;
      if (running.has(at) || from === at) return;
      const session = await cluster.open(at, from);
      if (session !== undefined) running.set(at, session);
      return;
    }
    case 'chunk': {
      const session = running.get(at);
      if (session === undefined) return;
      const step = await cluster.step(session, action.delivery);
      if (step !== 'more' && step !== 'lost') running.delete(at);
      return;
    }
    case 'break':
      running.delete(at);
      return;
    case 'end': {
      const session = running.get(at);
      if (session !== undefined) await cluster.run(session);
      running.delete(at);
      return;
    }
    case 'pull':
      if (!running.has(at) && action.server % size !== at) await cluster.pull(at, action.server % size);
      return;
    case 'kill':
    case 'restart':
      running.delete(at);
      return cluster.restart(at, action.do === 'restart');
    case 'compact':
      return cluster.node(at).replica.compact();
    case 'collect':
      // A deletion that is collected between two chunks makes its session late: comparing settles that.
      if ((await cluster.node(at).replica.storedSessions()).length > 0) return;
      await cluster.node(at).replica.collect();
  }
}

async function expectAsNaive(cluster: Cluster): Promise<void> {
  for (const { index, replica, naive } of cluster.nodes) {
    const { shown, expected } = await cluster.shown(index, naive);
    expect(shown, `what node ${index} shows`).toEqual(expected);
    await expectInvariants(replica, cluster.acknowledged.all());
    expectWholeBatches(replica, naive, cluster.acknowledged.all());
  }
}

describe('replicas', () => {
  test('show at every step what replicas that keep everything show, converge, and lose no acknowledged write', async () => {
    await fc.assert(
      fc.asyncProperty(schedule(commonActions), async ({ size, actions }) => {
        const cluster = await Cluster.create(size);
        const running: Running = new Map();
        for (const action of actions) {
          await perform(cluster, running, action);
          await expectAsNaive(cluster);
        }
        expect(await cluster.converge()).toBe(false);
        const [first] = cluster.nodes;
        for (const { index, replica } of cluster.nodes) {
          expect(replica.contextHash()).toBe(first?.replica.contextHash());
          expect(replica.state.permanent).toEqual(first?.replica.state.permanent);
          const { shown, expected } = await cluster.shown(index, cluster.acknowledged);
          expect(shown).toEqual(expected);
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  test('never show a deleted value again, though tombstones are collected while nodes are away', async () => {
    // Few nodes and keys, whole sessions, long waits: what it takes to be late.
    const few = fc.nat({ max: 2 });
    const one = fc.constantFrom('a', 'b');
    const away = [
      fc.record({ do: fc.constantFrom('put' as const, 'del' as const, 'del' as const), node: few, key: one }),
      fc.record({ do: fc.constant('pull' as const), node: few, server: few }),
      fc.record({ do: fc.constant('pull' as const), node: few, server: few }),
      fc.record({ do: fc.constant('collect' as const), node: few }),
      fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(6, 21) }),
    ];
    const actions = [...away, ...away, ...commonActions];
    await fc.assert(
      fc.asyncProperty(schedule(actions), async ({ size, actions: performed }) => {
        const cluster = await Cluster.create(size);
        const running: Running = new Map();
        for (const action of performed) {
          await perform(cluster, running, action);
          await expectAsNaive(cluster);
        }
        const someLate = await cluster.converge();
        await expectAsNaive(cluster);
        if (someLate) return;
        for (const { index } of cluster.nodes) {
          const { shown, expected } = await cluster.shown(index, cluster.acknowledged);
          expect(shown).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});
