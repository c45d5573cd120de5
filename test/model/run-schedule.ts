/**
 * One run of the model: a schedule over the production core, protocol and storage layout on memory, checked after every
 * step against replicas that keep everything; then everything is healed, and everybody pulls from everybody.
 */

import { expect } from 'vitest';
import { Cluster } from '../support/cluster.ts';
import { expectInvariants, expectWholeBatches } from '../support/invariants.ts';
import { NaiveReplica } from '../support/naive-replica.ts';
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
  const isUnsettled = actions.some((action) => action.do === 'vanish' || action.do === 'clock');
  for (const action of actions) {
    await perform(cluster, running, action);
    await expectPromises(cluster);
  }
  for (const { index } of cluster.nodes) cluster.setClock(index, 0);
  await cluster.clock.advance(HEALING_MS);
  for (const session of running.values()) await session.session.close();
  await cluster.converge();
  await expectPromises(cluster);
  if (!isUnsettled)
    expect(cluster.unexplained, 'nothing is unexplained without damage or leaping clocks (I8)').toBe(0);
  // What is known to a disk that still exists.
  const known = new NaiveReplica(cluster.nodes.flatMap(({ naive }) => naive.all()));
  const [first] = cluster.nodes;
  for (const { index, replica } of cluster.nodes) {
    expect(replica.contextHash()).toBe(first?.replica.contextHash());
    expect(replica.state.permanent).toEqual(first?.replica.state.permanent);
    const { shown, expected } = await cluster.shown(index, known);
    expect(shown, `what node ${index} shows at the end`).toEqual(expected);
  }
}

async function expectPromises(cluster: Cluster): Promise<void> {
  for (const { index, replica, naive } of cluster.nodes) {
    const { shown, expected } = await cluster.shown(index, naive);
    expect(shown, `what node ${index} shows`).toEqual(expected);
    await expectInvariants(replica, cluster.acknowledged.all());
    expectWholeBatches(replica, naive, cluster.acknowledged.all(), cluster.gone);
  }
}
