/**
 * How often members that are well are found down, while some are slow (Dadgar et al. 2018, section V): these hear and say
 * nothing for a while, all at once, again and again, and find everything waiting each time.
 */

import type { Detector } from './detectors.ts';
import { DetectorCluster } from './detector-cluster.ts';

export const BLOCKED_MS = 16_384;
export const OPEN_MS = 64;
export const BLOCKS = 3;

const SETTLED_MS = 15_000;

/** Long enough for every suspicion to have come to an end. */
const AFTERWARDS_MS = 20_000;

export function falsePositives(
  seed: number,
  {
    nodes,
    slow: count,
    detector,
  }: { readonly nodes: number; readonly slow: number; readonly detector: Detector },
): { readonly all: number; readonly atHealthy: number } {
  const cluster = new DetectorCluster({ seed, options: { lifeguard: detector.lifeguard } });
  const slow = cluster.startAll(nodes).slice(0, count);
  cluster.pass(SETTLED_MS);
  for (let block = 0; block < BLOCKS; block++) {
    for (const node of slow) {
      if (detector.standsStill === true) node.stop();
      else node.deafen();
    }
    cluster.pass(BLOCKED_MS);
    for (const node of slow) node.goOn();
    cluster.pass(OPEN_MS);
  }
  cluster.pass(AFTERWARDS_MS);
  const isSlow = new Set(slow.map(({ nodeId }) => nodeId));
  const wrong = cluster.noticed.filter(({ type, of }) => type === 'down' && !isSlow.has(of));
  return { all: wrong.length, atHealthy: wrong.filter(({ by }) => !isSlow.has(by)).length };
}
