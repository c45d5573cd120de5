/**
 * Counters: what was added to them, and whether what they show can be. P4: what was acknowledged is in it, unless a disk has
 * lost something of the register that it is in; what was not, may be.
 */

import type { Dot } from '../../core/entry.ts';
import { parseToken } from '../../core/token.ts';
import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { Checker } from './checker.ts';

export const COUNTERS = ['visits', 'sales'] as const;

export interface Addition {
  readonly counter: string;
  readonly amount: number;
  /** The process that was asked. */
  readonly life: object;
  /** Of the write that it is in, once that was acknowledged. */
  dot: Dot | undefined;
}

export class CounterCheck {
  /** What registers are named with. */
  readonly namesOfRuns: Random;
  readonly #world: World;
  readonly #checker: Pick<Checker, 'isKept' | 'losses' | 'meet'>;
  readonly #additions: Addition[] = [];

  constructor(world: World, checker: Pick<Checker, 'isKept' | 'losses' | 'meet'>) {
    this.#world = world;
    this.#checker = checker;
    this.namesOfRuns = world.random('names of runs');
  }

  asked({ life }: Machine, counter: string, amount: number): Addition {
    const addition: Addition = { counter, amount, life, dot: undefined };
    this.#additions.push(addition);
    return addition;
  }

  acknowledged(addition: Addition, token: string): void {
    addition.dot = parseToken(token) as Dot;
  }

  /** What the process on `machine` itself has added, and was told to be on disk. */
  ownAdditions({ life }: Machine, counter: string): ReadonlySet<Addition> {
    return new Set(
      this.#additions.filter((one) => one.life === life && one.counter === counter && one.dot !== undefined),
    );
  }

  /** `machine` showed so much of `counter`, of which it had to know `known`. */
  checkShown(machine: Machine, counter: string, value: number, known: ReadonlySet<Addition>): void {
    const isUncertain = this.#checker.losses.isUncertain(machine);
    this.#check(machine, counter, value, (addition) => !isUncertain && known.has(addition));
  }

  /** All agree, and this one shows so much. */
  checkShownAtEnd(machine: Machine, counter: string, value: number): void {
    this.#check(machine, counter, value, () => true);
  }

  #check(machine: Machine, counter: string, value: number, isKnown: (addition: Addition) => boolean): void {
    let [least, most] = [0, 0];
    for (const addition of this.#additions) {
      if (addition.counter !== counter) continue;
      const { amount, dot } = addition;
      const isCertain = dot !== undefined && isKnown(addition) && this.#checker.isKept(dot);
      least += isCertain ? amount : Math.min(0, amount);
      most += isCertain ? amount : Math.max(0, amount);
    }
    if (value >= least && value <= most) return;
    const what = `a counter is ${value}, where what was added makes ${least} to ${most}`;
    const place = { machine: machine.name, key: counter, atMs: this.#world.time.nowMs };
    this.#checker.meet(new BrokenPromise('P4', what, place));
  }
}
