/** Peer samplers: how evenly they spread links, and what holds together when most nodes fail at one moment. */

import type { Random } from '../../ports/random.ts';
import { mean, short, variance } from '../statistics.ts';
import { integerIn, streamOf } from '../streams.ts';
import { Components } from './components.ts';
import { cyclonOverlay, hyParViewOverlay, type Overlay } from './overlay.ts';

/** Until views are what they come to. */
const WARM_UP_CYCLES = 30;

const FAILED_SHARES = [0.5, 0.6, 0.7, 0.8, 0.9] as const;

/** Cycles after the failure at which is looked. */
const LOOKS = [0, 1, 5, 10, 20, 30] as const;

export const SAMPLERS = ['Cyclon', 'HyParView'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

export interface SamplerFigures {
  readonly name: SamplerName;
  /** Of all nodes, before anything fails. */
  readonly inDegrees: {
    readonly mean: number;
    readonly deviation: number;
    readonly minimum: number;
    readonly maximum: number;
    /** By in-degree: so many nodes. */
    readonly histogram: readonly number[];
  };
  readonly failures: readonly {
    readonly failed: number;
    readonly looks: readonly {
      readonly cycle: number;
      /** The largest component, as a share of the live nodes: who can still hear of each other's writes. */
      readonly connected: number;
      /** Share of what live nodes know that is dead. */
      readonly deadLinks: number;
    }[];
  }[];
}

export interface SamplingFigures {
  readonly nodes: number;
  readonly samplers: readonly SamplerFigures[];
}

export function sampling(nodes: number): SamplingFigures {
  return { nodes, samplers: SAMPLERS.map((name) => figuresOf(name, nodes)) };
}

function figuresOf(name: SamplerName, nodes: number): SamplerFigures {
  return {
    name,
    inDegrees: inDegreesOf(warm(name, nodes), nodes),
    failures: FAILED_SHARES.map((failed) => {
      const overlay = warm(name, nodes);
      const dead = chooseDead(Math.round(nodes * failed), nodes, streamOf(1, `failed ${failed}`));
      for (const node of dead) overlay.kill(node);
      const looks = [];
      for (let cycle = 0; cycle <= (LOOKS.at(-1) ?? 0); cycle++) {
        if (cycle > 0) overlay.step();
        if (LOOKS.some((look) => look === cycle)) looks.push({ cycle, ...lookAt(overlay, nodes, dead) });
      }
      return { failed, looks };
    }),
  };
}

function warm(name: SamplerName, nodes: number): Overlay {
  const random = streamOf(1, name);
  const overlay = name === 'Cyclon' ? cyclonOverlay(nodes, random) : hyParViewOverlay(nodes, random);
  for (let cycle = 0; cycle < WARM_UP_CYCLES; cycle++) overlay.step();
  return overlay;
}

function inDegreesOf(overlay: Overlay, nodes: number): SamplerFigures['inDegrees'] {
  const degrees = Array.from({ length: nodes }, () => 0);
  for (let node = 0; node < nodes; node++)
    for (const other of overlay.viewOf(node)) degrees[other] = (degrees[other] as number) + 1;
  const maximum = Math.max(...degrees);
  const histogram = Array.from({ length: maximum + 1 }, () => 0);
  for (const degree of degrees) histogram[degree] = (histogram[degree] as number) + 1;
  const deviation = short(Math.sqrt(variance(degrees)));
  return { mean: short(mean(degrees)), deviation, minimum: Math.min(...degrees), maximum, histogram };
}

function chooseDead(count: number, nodes: number, random: Random): ReadonlySet<number> {
  const dead = new Set<number>();
  while (dead.size < count) dead.add(integerIn(random, 0, nodes));
  return dead;
}

/** Links carry in both directions, whoever knows whom. */
function lookAt(
  overlay: Overlay,
  nodes: number,
  dead: ReadonlySet<number>,
): { connected: number; deadLinks: number } {
  const components = new Components(nodes);
  let [links, deadLinks] = [0, 0];
  for (let node = 0; node < nodes; node++) {
    if (dead.has(node)) continue;
    for (const other of overlay.viewOf(node)) {
      links++;
      if (dead.has(other)) deadLinks++;
      else components.join(node, other);
    }
  }
  return {
    connected: Number((components.largest() / (nodes - dead.size)).toFixed(4)),
    deadLinks: links === 0 ? 0 : Number((deadLinks / links).toFixed(4)),
  };
}
