/** How long one write takes to come to all nodes (Demers et al. 1987, section 1.3; Pittel 1987). */

import type { Actor } from '../../core/actor.ts';
import type { World } from '../world.ts';
import { INTERVAL_MS, type Gossiping, quietCluster } from './cluster.ts';

/** Looks in a round, of which every so many-th is a point of the curve. */
const LOOKS = 100;
const LOOKS_A_POINT = 5;

const ROUNDS_MAX = 200;

/** Nodes that had the write, after so many rounds. */
export interface Infected {
  readonly rounds: number;
  readonly nodes: number;
}

export interface Spread {
  /** Until the last node had it. */
  readonly rounds: number;
  readonly curve: readonly Infected[];
}

export async function spread(seed: number, nodes: number, gossiping: Gossiping): Promise<Spread> {
  const world = await quietCluster(seed, nodes, gossiping);
  const { actor, version } = await write(world, 0, 'rumour');
  const startMs = world.time.nowMs;
  let lacking = world.machines.slice();
  const curve: Infected[] = [];
  let looks = 0;
  while (lacking.length > 0) {
    const rounds = (world.time.nowMs - startMs) / INTERVAL_MS;
    if (rounds > ROUNDS_MAX)
      throw new Error(`${lacking.length} nodes did not hear within ${ROUNDS_MAX} rounds`);
    lacking = lacking.filter(({ running }) => (running?.live.current.row(actor)?.received ?? 0) < version);
    if (lacking.length === 0 || looks++ % LOOKS_A_POINT === 0)
      curve.push({ rounds, nodes: nodes - lacking.length });
    if (lacking.length > 0) await world.pass(INTERVAL_MS / LOOKS);
  }
  return { rounds: curve.at(-1)?.rounds ?? 0, curve };
}

/** Resolves, in virtual time, when it is acknowledged. */
export async function write(
  world: World,
  number: number,
  key: string,
): Promise<{ readonly actor: Actor; readonly version: number }> {
  const node = world.machine(number).running?.node;
  if (node === undefined) throw new Error(`the machine ${number} is down`);
  const state: { written?: { version: number } } = {};
  void node.put(key, 'x'.repeat(100)).then((written) => (state.written = written));
  while (state.written === undefined) await world.pass(1);
  const actor = world.machine(number).running?.live.current.runActor;
  if (actor === undefined) throw new Error('whoever has written is an actor');
  return { actor, version: state.written.version };
}
