/**
 * One run of the model: a schedule over the production core, protocol and storage layout on memory, checked after every
 * step against replicas that keep everything; then everything is healed, and everybody pulls from everybody.
 */

import { expect } from 'vitest';
import { CATCH_UP_MS } from '../../src/storage/watcher.ts';
import { Cluster, type Shown } from '../support/cluster.ts';
import { expectInvariants, expectLinks, expectWholeBatches } from '../support/invariants.ts';
import { NaiveReplica } from '../support/naive-replica.ts';
import { WatchClient } from '../support/watch-client.ts';
import { type Action, perform, type Running } from './actions.ts';

export interface Schedule {
  readonly size: number;
  readonly actions: readonly Action[];
}

/** Clocks that were wrong are right by then, and what lay in the future lies in the past. */
const HEALING_MS = 700_000;

export async function runSchedule({ size, actions }: Schedule): Promise<void> {
  const cluster = await Cluster.create(size);
  const running: Running = new Map();
  const looked: Looked = new WeakMap();
  const isUnsettled = actions.some((action) => action.do === 'vanish' || action.do === 'clock');
  const clients = [0, 1, 2].map(() => new WatchClient(cluster));
  const isUneasy = actions.some(({ do: verb }) => UNEASY.has(verb));
  for (const action of actions) {
    await perform(cluster, running, clients, action);
    await expectPromises(cluster, looked);
    const client = action.do === 'look' && action.steps > FEW_STEPS ? clients[action.client] : undefined;
    if (client?.isHome === true && !isUneasy) await expectSameMap(client);
  }
  cluster.mendDisks();
  for (const { index } of cluster.nodes) cluster.setClock(index, 0);
  await cluster.clock.advance(HEALING_MS);
  for (const session of running.values()) await session.session.close();
  await cluster.converge();
  await expectPromises(cluster, looked);
  await expectAllTold(cluster, clients);
  if (!isUnsettled)
    expect(cluster.unexplained, 'nothing is unexplained without damage or leaping clocks (I8)').toBe(0);
  if (!actions.some((action) => action.do === 'vanish'))
    expect(cluster.damaged, 'no damage is found where there is none').toBe(0);
  // What is known to a disk that still exists.
  const known = new NaiveReplica(cluster.living().flatMap(({ naive }) => naive.all()));
  const [first] = cluster.living();
  for (const { index, replica } of cluster.living()) {
    expect(replica.contextHash()).toBe(first?.replica.contextHash());
    expect(replica.state.permanent).toEqual(first?.replica.state.permanent);
    const { shown, expected } = await cluster.shown(index, known);
    expect(shown, `what node ${index} shows at the end`).toEqual(expected);
  }
}

/** What sets disks or clocks back: a node may show for a while what it told to be over. */
const UNEASY: ReadonlySet<Action['do']> = new Set(['wipe', 'restore', 'vanish', 'clock']);
const FEW_STEPS = 2;

/** Whoever watches ends with the map of its node, or was told to read it again. */
async function expectAllTold(cluster: Cluster, clients: readonly WatchClient[]): Promise<void> {
  for (const client of clients) {
    if (!client.hasBegun) continue;
    // What it was told before, and nobody knows any more, is not waited for for ever.
    if (!(await client.look())) await cluster.clock.advance(CATCH_UP_MS);
    await client.look();
    await expectSameMap(client);
    await client.leave();
  }
}

async function expectSameMap(client: WatchClient): Promise<void> {
  const [shown, expected] = [client.shown(), await client.expected()];
  if (!isSameShown(shown, expected))
    expect(shown, `what somebody shows who watches node ${client.node}`).toEqual(expected);
}

/** By replica: the writes to its disk when it was last looked at. */
type Looked = WeakMap<object, number>;

async function expectPromises(cluster: Cluster, looked: Looked): Promise<void> {
  for (const { index, replica, naive, writes } of cluster.living()) {
    const { shown, expected } = await cluster.shown(index, naive);
    if (!isSameShown(shown, expected)) expect(shown, `what node ${index} shows`).toEqual(expected);
    if (looked.get(replica) === writes()) continue;
    looked.set(replica, writes());
    await expectInvariants(replica, cluster.acknowledged.all(), await cluster.present(index));
    expectLinks(replica, cluster.linkByActor);
    expectWholeBatches(replica, naive, cluster.acknowledged.all(), cluster.gone);
  }
}

function isSameShown(a: Shown, b: Shown): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
