/** Tables 1 to 3 of Demers et al. 1987: what rumor mongering leaves out, costs, and how long it takes. */

import { type Interest, RumourEpidemic, type RumourOptions } from '../../epidemics/rumour.ts';
import { mean, short } from '../statistics.ts';
import { streamOf } from '../streams.ts';

/** Of the paper. */
export const NODES = 1000;

export interface Spreading {
  /** Share of the nodes that never hear. */
  readonly residue: number;
  /** Copies sent, by node. */
  readonly traffic: number;
  /** Cycles until a node hears, on average over those that do, and until the last of them. */
  readonly average: number;
  readonly last: number;
}

export type Direction = RumourOptions['direction'];

export interface Row {
  readonly k: number;
  readonly measured: Spreading;
  readonly paper: Omit<Spreading, 'average' | 'last'> & Partial<Pick<Spreading, 'average' | 'last'>>;
}

export interface Table {
  readonly name: string;
  readonly direction: Direction;
  readonly rule: Interest['rule'];
  readonly rows: readonly Row[];
}

/** By k, from 1 on; delays of table 3 are left out, since they are not at hand. */
const PAPER: readonly (Omit<Table, 'rows'> & { readonly rows: readonly Row['paper'][] })[] = [
  {
    name: 'Table 1: push, feedback and counter',
    direction: 'push',
    rule: 'feedback-counter',
    rows: [
      { residue: 0.18, traffic: 1.7, average: 11, last: 16.8 },
      { residue: 0.037, traffic: 3.3, average: 12.1, last: 16.9 },
      { residue: 0.011, traffic: 4.5, average: 12.5, last: 17.4 },
      { residue: 0.0036, traffic: 5.6, average: 12.7, last: 17.5 },
      { residue: 0.0012, traffic: 6.7, average: 12.8, last: 17.7 },
    ],
  },
  {
    name: 'Table 2: push, blind and coin',
    direction: 'push',
    rule: 'blind-coin',
    rows: [
      { residue: 0.96, traffic: 0.04, average: 19, last: 38 },
      { residue: 0.2, traffic: 1.6, average: 17, last: 33 },
      { residue: 0.06, traffic: 2.8, average: 15, last: 32 },
      { residue: 0.021, traffic: 3.9, average: 14.1, last: 32 },
      { residue: 0.008, traffic: 4.9, average: 13.8, last: 32 },
    ],
  },
  {
    name: 'Table 3: pull, feedback and counter',
    direction: 'pull',
    rule: 'feedback-counter',
    rows: [
      { residue: 3.1e-2, traffic: 2.7 },
      { residue: 5.8e-4, traffic: 4.5 },
      { residue: 4e-6, traffic: 6.1 },
    ],
  },
];

/** Means of `runs` runs. */
export function mongering(runs: number): readonly Table[] {
  return PAPER.map(({ rows, ...table }) => ({
    ...table,
    rows: rows.map((paper, at): Row => {
      const { direction, rule } = table;
      return { k: at + 1, paper, measured: spreading(direction, { rule, k: at + 1 }, runs) };
    }),
  }));
}

function spreading(direction: Direction, interest: Interest, runs: number): Spreading {
  let [residue, traffic, average, last] = [0, 0, 0, 0];
  for (let run = 1; run <= runs; run++) {
    const random = streamOf(run, `${direction} ${interest.rule} ${interest.k}`);
    const epidemic = new RumourEpidemic({ nodes: NODES, direction, fanout: 1, interest, loss: 0 }, random);
    while (!epidemic.isOver) epidemic.step();
    const delays = Array.from({ length: NODES }, (_, node) => epidemic.heardIn(node)).filter(
      (cycle) => cycle !== undefined,
    );
    residue += 1 - epidemic.informed / NODES;
    traffic += epidemic.sent / NODES;
    average += mean(delays);
    last += Math.max(...delays);
  }
  return {
    residue: short(residue / runs),
    traffic: short(traffic / runs),
    average: short(average / runs),
    last: short(last / runs),
  };
}
