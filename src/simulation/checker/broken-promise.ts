/** A promise was broken: one sentence that names it, the machine, the key, the dot, and when. */

import { type Dot, nameOfDot } from '../../core/entry.ts';
import type { VirtualMs } from '../virtual-time.ts';

/** P1 to P8 are promises, I1 to I9 invariants of the algorithm. */
export type PromiseName = `P${number}` | `I${number}` | `R${number}`;

export interface Place {
  readonly machine?: string | undefined;
  readonly key?: string | undefined;
  readonly dot?: Dot | undefined;
  readonly atMs: VirtualMs;
}

export class BrokenPromise extends Error {
  readonly promise: PromiseName;

  constructor(promise: PromiseName, what: string, { machine, key, dot, atMs }: Place) {
    const where = [
      ...(machine === undefined ? [] : [`on ${machine}`]),
      ...(key === undefined ? [] : [`key ${key}`]),
      ...(dot === undefined ? [] : [`dot ${nameOfDot(dot)}`]),
      `at ${atMs.toFixed(3)} ms`,
    ];
    super(`${promise}: ${what} (${where.join(', ')}).`);
    this.name = 'BrokenPromise';
    this.promise = promise;
  }
}
