/** The same work done by Boato and by classic-level, by turns, as rows of the results. */

import type { Timed } from '../worker/speed-commands.ts';
import type { Row } from './benchmark.ts';
import { count, medianAndWorst, milliseconds, ratio } from './figures.ts';
import { median } from './statistics.ts';

export interface Round {
  readonly boato: Timed;
  readonly raw: Timed;
  /** Of an idle process, meanwhile. */
  readonly controlLoopDelayMs: number;
}

/** `operations`: of each round. `target`: Boato's speed as a share of the raw one, at least. */
export function speedRows(
  what: string,
  rounds: readonly Round[],
  operations: number,
  target: number,
): readonly Row[] {
  const speeds = (of: (round: Round) => Timed): string => {
    const perSecond = rounds.map((round) => operations / (of(round).ms / 1000));
    return `${count(median(perSecond))}/s (at least ${count(Math.min(...perSecond))}/s)`;
  };
  return [
    { what: `${what}: Boato`, figure: speeds(({ boato }) => boato) },
    { what: `${what}: raw`, figure: speeds(({ raw }) => raw) },
    {
      what: `${what}: speed as a share of raw`,
      figure: ratio(median(rounds.map(({ boato, raw }) => raw.ms / boato.ms))),
      target: `${target} or more`,
    },
    loopDelayRow(
      what,
      rounds.map(({ boato, controlLoopDelayMs }) => ({
        ms: boato.longestLoopDelayMs,
        controlMs: controlLoopDelayMs,
      })),
    ),
  ];
}

/** Of rounds: in the process that works, and in one that does nothing meanwhile. */
export function loopDelayRow(
  what: string,
  rounds: readonly { readonly ms: number; readonly controlMs: number }[],
): Row {
  const own = rounds.map(({ ms }) => ms);
  const control = rounds.map(({ controlMs }) => controlMs);
  return {
    what: `${what}: longest delay of the event loop; of an idle process`,
    figure: `${medianAndWorst(own, milliseconds)}; ${medianAndWorst(control, milliseconds)}`,
    target: 'at most 20 ms longer',
  };
}
