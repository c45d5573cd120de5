/** A promise was broken: one sentence that names it, the machine, the key, the dot, and when. */

import { type Dot, nameOfDot } from '../../core/entry.ts';
import type { VirtualMs } from '../virtual-time.ts';

/**
 * P1 to P8 are promises, I1 to I9 invariants of the algorithm. Of members, M1: nodes find each other; M2: nobody is one who
 * never was; M3: what is known of one goes forward only, and who is gone stays away until it comes back itself. W1: as many
 * nodes hold a write as its answer says; W2: where all are well, as many as were asked for. Of events, E1: nobody is told one
 * twice, nor one that nobody sent; E2: where all are well, all are told. Of aggregates, A1: extremes are somebody's; A2: where
 * all are well, they are right.
 */
export type PromiseName = `${'P' | 'I' | 'R' | 'M' | 'W' | 'E' | 'A'}${number}`;

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
