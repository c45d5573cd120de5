/** What can happen in the model: actions, how they are drawn, and how they are carried out on a cluster. */

import * as fc from 'fast-check';
import { assert } from '../../src/core/assert.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { Write } from '../../src/storage/write.ts';
import type { Cluster, Delivery, TestSession } from '../support/cluster.ts';
import { utf8 } from '../support/replica-fixture.ts';
import type { WatchClient } from '../support/watch-client.ts';

export type Action =
  | { readonly do: 'put' | 'del' | 'ttl' | 'vanish'; readonly node: number; readonly key: string }
  | { readonly do: 'batch'; readonly node: number; readonly keys: readonly string[] }
  | { readonly do: 'open' | 'compare' | 'pull'; readonly node: number; readonly server: number }
  | { readonly do: 'chunk'; readonly node: number; readonly delivery: Delivery }
  | {
      readonly do:
        | 'break'
        | 'end'
        | 'kill'
        | 'restart'
        | 'compact'
        | 'collect'
        | 'save'
        | 'restore'
        | 'wipe'
        | 'fail';
      readonly node: number;
    }
  | { readonly do: 'retire'; readonly node: number; readonly gone: number }
  | { readonly do: 'tell'; readonly node: number; readonly write: number }
  | { readonly do: 'repair'; readonly node: number; readonly all: boolean }
  | { readonly do: 'clock'; readonly node: number; readonly offsetS: number }
  | { readonly do: 'watch' | 'resume'; readonly client: number; readonly node: number }
  | { readonly do: 'look'; readonly client: number; readonly steps: number }
  | { readonly do: 'wait'; readonly seconds: number };

/** Sessions by the node that pulls: one at a time. */
export type Running = Map<number, TestSession>;

const node: fc.Arbitrary<number> = fc.nat({ max: 4 });
const key: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c');
const delivery = fc.constantFrom<Delivery[]>(
  'delivered',
  'delivered',
  'request-lost',
  'reply-lost',
  'repeated',
);
const chunk = fc.record({ do: fc.constant('chunk' as const), node, delivery });

/** Writes, sessions and comparisons step by step, lost and repeated messages, restarts and crashes. */
export const COMMON: readonly fc.Arbitrary<Action>[] = [
  fc.record({
    do: fc.constantFrom('put' as const, 'put' as const, 'del' as const, 'ttl' as const),
    node,
    key,
  }),
  fc.record({
    do: fc.constant('batch' as const),
    node,
    keys: fc.uniqueArray(key, { minLength: 2, maxLength: 3 }),
  }),
  fc.record({
    do: fc.constantFrom('open' as const, 'open' as const, 'compare' as const),
    node,
    server: node,
  }),
  chunk,
  chunk,
  fc.record({
    do: fc.constantFrom(
      'break' as const,
      'end' as const,
      'kill' as const,
      'restart' as const,
      'compact' as const,
    ),
    node,
  }),
  fc.record({ do: fc.constant('pull' as const), node, server: node }),
];

const few = fc.nat({ max: 2 });
const one = fc.constantFrom('a', 'b');

/** Few nodes and keys, whole sessions, long waits: what it takes to be late. */
export const AWAY: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constantFrom('put' as const, 'del' as const, 'del' as const), node: few, key: one }),
  fc.record({ do: fc.constant('pull' as const), node: few, server: few }),
  fc.record({ do: fc.constant('pull' as const), node: few, server: few }),
  fc.record({ do: fc.constant('collect' as const), node: few }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(6, 21) }),
];

/** Runs of a few nodes, one after another, each of which writes (a long silence begins a new actor, too). */
export const RUNS: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constantFrom('put' as const, 'del' as const), node: few, key: one }),
  fc.record({ do: fc.constantFrom('restart' as const, 'restart' as const, 'kill' as const), node: few }),
  fc.record({ do: fc.constantFrom('put' as const, 'del' as const), node: few, key: one }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.constant(6) }),
];

/** Nodes that are gone for ever. */
export const RETIREMENTS: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('retire' as const), node, gone: node }),
];

/** Rumours, late ones as well. */
export const TOLD: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('tell' as const), node, write: fc.nat({ max: 9 }) }),
];

/** Disks that are lost, set back, or damaged. */
export const DISKS: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constantFrom('save' as const, 'restore' as const, 'wipe' as const), node }),
  fc.record({ do: fc.constant('vanish' as const), node, key }),
];

/** Disks that are lost or damaged, and not set back: a backup may hold what only nodes that are gone for ever had told it. */
export const LOSSES: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('wipe' as const), node }),
  fc.record({ do: fc.constant('vanish' as const), node, key }),
];

/** Disks whose next write fails, whatever it is of. */
export const FAILURES: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('fail' as const), node }),
];

/** Clocks that leap, and are right again; and the repair of what was written meanwhile. */
export const CLOCKS: readonly fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('clock' as const), node, offsetS: fc.constantFrom(0, 0, -50, 20, 50, 600) }),
  fc.record({ do: fc.constant('repair' as const), node, all: fc.boolean() }),
];

/** Those who watch: they begin, take what they are told, go on with their token at the same node or another. */
export const WATCHES: readonly fc.Arbitrary<Action>[] = [
  fc.record({
    do: fc.constantFrom('watch' as const, 'resume' as const, 'resume' as const),
    client: few,
    node,
  }),
  fc.record({ do: fc.constant('look' as const), client: few, steps: fc.constantFrom(1, 2, 1000, 1000) }),
  fc.record({ do: fc.constant('look' as const), client: few, steps: fc.constantFrom(1, 2, 1000, 1000) }),
];

/** A node one of whose writes failed is opened again in the same process, and its session ends. */
export async function perform(
  cluster: Cluster,
  running: Running,
  clients: readonly WatchClient[],
  action: Action,
): Promise<void> {
  try {
    await act(cluster, running, clients, action);
  } catch (error) {
    if (!(error instanceof BoatoError && error.code === 'STORE_FENCED')) throw error;
    assert(cluster.fenced().length > 0, 'only a fenced node says so');
  }
  for (const at of cluster.fenced()) {
    await endSession(running, at);
    await cluster.reopen(at);
  }
}

async function act(
  cluster: Cluster,
  running: Running,
  clients: readonly WatchClient[],
  action: Action,
): Promise<void> {
  const size = cluster.nodes.length;
  // Later writes have larger versions, unless a clock is wrong.
  await cluster.clock.advance(1);
  if (action.do === 'wait') return cluster.clock.advance(action.seconds * 1000);
  if (action.do === 'look') {
    await clients[action.client]?.look(action.steps);
    return;
  }
  const at = action.node % size;
  if (cluster.node(at).isGone) return;
  switch (action.do) {
    case 'put':
      return cluster.write(at, [write(action.key, cluster.nextValue())]);
    case 'ttl': {
      const expiresAt = cluster.node(at).clock.wallMs() + 5000;
      return cluster.write(at, [write(action.key, cluster.nextValue(), expiresAt)]);
    }
    case 'del':
      return cluster.write(at, [write(action.key, undefined)]);
    case 'batch':
      return cluster.write(
        at,
        action.keys.map((name, index) => write(name, index === 1 ? undefined : cluster.nextValue())),
      );
    case 'open':
    case 'compare': {
      const from = action.server % size;
      if (running.has(at) || from === at || cluster.node(from).isGone) return;
      const session = await cluster.open(at, from, action.do === 'compare');
      if (session !== undefined) running.set(at, session);
      return;
    }
    case 'chunk': {
      const session = running.get(at);
      if (session === undefined) return;
      const step = await cluster.step(session, action.delivery, 1);
      if (step !== 'more' && step !== 'lost') running.delete(at);
      return;
    }
    case 'break':
      return endSession(running, at);
    case 'end': {
      const session = running.get(at);
      if (session !== undefined) await cluster.run(session);
      running.delete(at);
      return;
    }
    case 'pull':
      if (!running.has(at) && action.server % size !== at && !cluster.node(action.server % size).isGone)
        await cluster.pull(at, action.server % size);
      return;
    case 'retire': {
      const gone = action.gone % size;
      if (gone === at || (!cluster.node(gone).isGone && cluster.living().length <= 2)) return;
      await endSession(running, at);
      for (const [puller, { server }] of running)
        if (puller === gone || server === gone) await endSession(running, puller);
      return cluster.retire(at, gone);
    }
    case 'kill':
    case 'restart':
      await endSession(running, at);
      // An ordered store ends its scans when it is closed.
      for (const client of clients) if (client.node === at) await client.leave();
      return cluster.restart(at, action.do === 'restart');
    case 'save':
      return cluster.save(at);
    case 'restore':
      await endSession(running, at);
      return cluster.restore(at);
    case 'wipe':
      await endSession(running, at);
      return cluster.wipe(at);
    case 'vanish':
      await endSession(running, at);
      return cluster.vanish(at, utf8(action.key));
    case 'watch':
      return clients[action.client]?.begin(at);
    case 'resume':
      return clients[action.client]?.resume(at);
    case 'tell':
      return cluster.tell(at, action.write);
    case 'clock':
      return cluster.setClock(at, action.offsetS * 1000);
    case 'repair':
      return cluster.repair(at, action.all);
    case 'compact':
      return cluster.node(at).replica.compact();
    case 'collect':
      return cluster.collect(at);
    case 'fail':
      return cluster.failNext(at);
  }
}

async function endSession(running: Running, puller: number): Promise<void> {
  await running.get(puller)?.session.close();
  running.delete(puller);
}

function write(name: string, value: Uint8Array | undefined, expiresAt?: number): Write {
  return { key: utf8(name), value, expiresAt };
}
