/**
 * Aggregates: every node contributes a number of its own. Extremes only spread, so they are somebody's, whatever is lost on
 * the way (A1); sums and counts may be off then, but not where all are well (A2).
 */

import { BoatoError } from '../../core/errors.ts';
import type { AggregateResult } from '../../node/aggregate-api.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { BrokenPromise, type PromiseName } from './broken-promise.ts';

const NAME = 'mark';

/** Sums and averages are good to about six digits (docs/operating.md). */
const RELATIVE_ERROR = 1e-6;

export class AggregateCheck {
  readonly #world: World;
  readonly #meet: (error: unknown) => void;
  readonly #markByNode = new Map<string, number>();

  constructor(world: World, meet: (error: unknown) => void) {
    this.#world = world;
    this.#meet = meet;
    world.onStarted.push(({ nodeId, running }) => {
      const mark = this.#markByNode.get(nodeId) ?? 1000 + 37.5 * this.#markByNode.size;
      this.#markByNode.set(nodeId, mark);
      running?.node.contribute(NAME, () => mark);
    });
  }

  /** Asks a machine that is up; `undefined`: it came to nothing. */
  async ask(machine: Machine): Promise<AggregateResult | undefined> {
    try {
      const result = await machine.running?.node.aggregate(NAME);
      if (result === undefined) return undefined;
      const { count, minimum, maximum } = result;
      const marks = new Set([undefined, ...this.#markByNode.values()]);
      if (!marks.has(minimum) || !marks.has(maximum) || (minimum ?? 0) > (maximum ?? 0))
        this.#broken('A1', machine, `of ${count} nodes the extremes ${minimum} and ${maximum} are nobody's`);
      return result;
    } catch (error) {
      if (error instanceof BoatoError) return undefined;
      throw error;
    }
  }

  /** What a machine was told, where all are well, and nobody comes or goes. */
  checkTrue(machine: Machine, result: AggregateResult | undefined): void {
    const marks = this.#world.machines.map(({ nodeId }) => this.#markByNode.get(nodeId) ?? Number.NaN);
    const sum = marks.reduce((total, mark) => total + mark, 0);
    const isNear = (told: number | undefined, truth: number): boolean =>
      told !== undefined && Math.abs(told - truth) <= Math.abs(truth) * RELATIVE_ERROR;
    const isTrue =
      result !== undefined &&
      result.count === marks.length &&
      isNear(result.sum, sum) &&
      isNear(result.average, sum / marks.length) &&
      result.minimum === Math.min(...marks) &&
      result.maximum === Math.max(...marks);
    if (!isTrue)
      this.#broken(
        'A2',
        machine,
        `of ${marks.join(', ')} it was told ${JSON.stringify(result ?? 'nothing')}`,
      );
  }

  #broken(promise: PromiseName, { name: machine }: Machine, what: string): void {
    this.#meet(new BrokenPromise(promise, what, { machine, atMs: this.#world.time.nowMs }));
  }
}
