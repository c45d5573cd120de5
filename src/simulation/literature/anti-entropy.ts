/** Push, pull and push-pull anti-entropy beside each other: until all have heard, and the tail. */

import { antiEntropy, type AntiEntropyMode } from '../../epidemics/anti-entropy.ts';
import { mean, short } from '../statistics.ts';
import { streamOf } from '../streams.ts';

export const MODES: readonly AntiEntropyMode[] = ['push', 'pull', 'push-pull'];

/** Share that has not heard when the tail begins. */
const TAIL_FROM = 0.1;

/** Large enough that the tail has a few cycles before chance takes over. */
const TAIL_NODES = 100_000;
const TAIL_CYCLES = 6;

export interface AntiEntropyFigures {
  /** Cycles from one node that knows to all, means. */
  readonly cycles: readonly { readonly nodes: number; readonly byMode: Readonly<Record<string, number>> }[];
  readonly tail: {
    readonly nodes: number;
    /** By cycle: the share that has not heard, measured and as the paper expects it of the share before. */
    readonly byMode: Readonly<
      Record<string, readonly { readonly measured: number; readonly expected?: number }[]>
    >;
  };
}

export function compareModes(sizes: readonly number[], runs: number): AntiEntropyFigures {
  const cycles = sizes.map((nodes) => ({
    nodes,
    byMode: Object.fromEntries(MODES.map((mode) => [mode, meanCycles(nodes, mode, runs)])),
  }));
  return {
    cycles,
    tail: { nodes: TAIL_NODES, byMode: Object.fromEntries(MODES.map((mode) => [mode, tail(mode)])) },
  };
}

function meanCycles(nodes: number, mode: AntiEntropyMode, runs: number): number {
  const cycles = Array.from({ length: runs }, (_, run) => {
    const random = streamOf(run + 1, `${mode} ${nodes}`);
    return antiEntropy({ nodes, susceptible: nodes - 1, mode }, random).length - 1;
  });
  return short(mean(cycles));
}

function tail(mode: AntiEntropyMode): readonly { measured: number; expected?: number }[] {
  const susceptible = Math.round(TAIL_NODES * TAIL_FROM);
  const course = antiEntropy({ nodes: TAIL_NODES, susceptible, mode }, streamOf(1, `tail ${mode}`));
  return course.slice(0, TAIL_CYCLES).map((count, cycle) => {
    const measured = short(count / TAIL_NODES);
    const before = (course[cycle - 1] ?? 0) / TAIL_NODES;
    return cycle === 0 ? { measured } : { measured, expected: short(expectedShare(mode, before)) };
  });
}

/** Who has not heard is missed by all who push, and asks one who has not heard, too (section 1.3). */
function expectedShare(mode: AntiEntropyMode, before: number): number {
  const missed = Math.exp(before - 1);
  if (mode === 'push') return before * missed;
  return mode === 'pull' ? before * before : before * before * missed;
}
