/** How long it takes until a dead member is probed, suspected, and down everywhere (Das et al. 2002, sections 3.2 and 5). */

import type { Lifeguard } from '../../membership/options.ts';
import { DetectorCluster, type Noticed } from './detector-cluster.ts';

const INTERVAL_MS = 1000;
const SETTLED_MS = 3000;
const LIMIT_MS = 120_000;

export interface Course {
  /** Whole periods until the first probe of it, the one in which it comes included. */
  readonly periodsToProbe: number;
  readonly suspectMs: number;
  readonly downMs: number;
  readonly allDownMs: number;
}

/** One member of `nodes` dies, at a moment that depends on the seed. */
export function course(seed: number, nodes: number, lifeguard: Lifeguard): Course {
  const cluster = new DetectorCluster({ seed, options: { lifeguard } });
  cluster.startAll(nodes);
  cluster.pass(SETTLED_MS + (seed % 100) * (INTERVAL_MS / 100));
  const [victim] = cluster.nodes;
  victim?.kill();
  const diedMs = cluster.time.nowMs;
  const downs = (): Noticed[] => cluster.noticed.filter(({ type }) => type === 'down');
  cluster.until(() => downs().length >= nodes - 1, LIMIT_MS);
  const suspectMs = (cluster.noticed.find(({ type }) => type === 'suspect')?.atMs ?? 0) - diedMs;
  const times = downs().map(({ atMs }) => atMs - diedMs);
  return {
    // A probe fails at the end of its period.
    periodsToProbe: Math.ceil((suspectMs - INTERVAL_MS) / INTERVAL_MS),
    suspectMs,
    downMs: Math.min(...times),
    allDownMs: Math.max(...times),
  };
}
