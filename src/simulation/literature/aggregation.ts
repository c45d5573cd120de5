/** How fast aggregation comes near the truth: push-sum, and the push-pull averaging that nodes do. */

import type { NodeId } from '../../core/actor.ts';
import { otherOf } from '../../epidemics/chance.ts';
import { PushSum } from '../../epidemics/push-sum.ts';
import { firstShare } from '../../gossip/aggregate.ts';
import { Averaging } from '../../gossip/averaging.ts';
import type { Random } from '../../ports/random.ts';
import { mean, short, variance } from '../statistics.ts';
import { streamOf } from '../streams.ts';

const CYCLES = 40;

/** Cycles over which the factor is taken: later, rounding shows. */
const FACTOR_CYCLES = 20;

export interface AggregationFigures {
  /** By number of nodes. */
  readonly courses: readonly {
    readonly nodes: number;
    /** By cycle, from 0 on: the largest relative error of any node's average. */
    readonly pushSum: readonly number[];
    readonly pushPull: readonly number[];
    /** By which a cycle of push-pull averaging multiplies the variance, as a geometric mean. */
    readonly factor: number;
  }[];
}

export function aggregation(sizes: readonly number[]): AggregationFigures {
  return { courses: sizes.map((nodes) => courseOf(nodes)) };
}

function courseOf(nodes: number): AggregationFigures['courses'][number] {
  const random = streamOf(1, `aggregation ${nodes}`);
  const values = Array.from({ length: nodes }, () => random.fraction());
  const average = mean(values);
  const errorOf = (estimates: readonly number[]): number =>
    short(Math.max(...estimates.map((estimate) => Math.abs(estimate / average - 1))));
  const pushSum = new PushSum(values, random);
  const averagings = values.map((value, node) => new Averaging(firstShare(value, node === 0)));
  const course = { pushSum: [errorOf(values)], pushPull: [errorOf(values)] };
  const averages = (): readonly number[] =>
    averagings.map(({ share: { sum, contributors } }) => sum / contributors);
  const sums = (): readonly number[] => averagings.map(({ share }) => share.sum);
  const before = variance(sums());
  let factor = 1;
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    pushSum.step();
    averageAll(averagings, random);
    course.pushSum.push(errorOf(pushSum.estimates()));
    course.pushPull.push(errorOf(averages()));
    if (cycle === FACTOR_CYCLES) factor = (variance(sums()) / before) ** (1 / FACTOR_CYCLES);
  }
  return { nodes, ...course, factor: short(factor) };
}

/** Each node exchanges with another, one after the other. */
function averageAll(averagings: readonly Averaging[], random: Random): void {
  for (const [node, asker] of averagings.entries()) {
    const other = otherOf(random, averagings.length, node);
    const server = averagings[other] as Averaging;
    asker.settle(nameOf(other), server.serve(nameOf(node), asker.ask(nameOf(other))));
  }
}

function nameOf(node: number): NodeId {
  return `n${node}` as NodeId;
}
