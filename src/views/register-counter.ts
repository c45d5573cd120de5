/** Counts in a register of its own: of all that is stored, an opened store only ever writes the one that bears its name. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BoatoError } from '../core/errors.ts';
import type { ReadOptions, Store } from '../node/api.ts';
import { typed } from '../node/typed.ts';
import type { TypedStore } from '../node/typed-api.ts';
import type { Random } from '../ports/random.ts';
import type { Counter } from './counter.ts';
import { schemaOf } from './registers.ts';
import { runName } from './run-name.ts';

/** What one run has added. */
interface Register {
  readonly increments: number;
  readonly decrements: number;
}

interface Addition {
  readonly amount: number;
  readonly resolve: (added: { readonly token: string }) => void;
  readonly reject: (error: unknown) => void;
}

/** What an opened store adds with: its name, and what waits, by the prefixes of counters. */
interface Run {
  readonly name: string;
  readonly waiting: Map<string, Addition[]>;
}

/** All handles of a counter share its register. */
const runs = new WeakMap<Store, Run>();

export class RegisterCounter implements Counter {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #random: Random;
  readonly #registers: TypedStore<Register, Register>;

  constructor(store: Store, prefix: string, random: Random) {
    this.#store = store;
    this.#prefix = prefix;
    this.#random = random;
    this.#registers = typed(store, { prefix, schema: REGISTER });
  }

  add(amount: number = 1): Promise<{ readonly token: string }> {
    if (!Number.isSafeInteger(amount)) return Promise.reject(notWhole(amount));
    const run = this.#run();
    return new Promise((resolve, reject) => {
      const addition = { amount, resolve, reject };
      const waiting = run.waiting.get(this.#prefix);
      if (waiting !== undefined) {
        waiting.push(addition);
        return;
      }
      run.waiting.set(this.#prefix, [addition]);
      void this.#write(run);
    });
  }

  async value(options: ReadOptions = {}): Promise<number> {
    let sum = 0;
    for await (const { key, value } of this.#registers.entries(options)) {
      // Of a counter with a longer name.
      if (key.includes('/')) continue;
      sum += value.increments - value.decrements;
    }
    return sum;
  }

  #run(): Run {
    let run = runs.get(this.#store);
    if (run === undefined) {
      run = { name: runName(this.#random), waiting: new Map() };
      runs.set(this.#store, run);
    }
    return run;
  }

  /** Whatever is added while a write is on its way shares the next one. */
  async #write(run: Run): Promise<void> {
    for (;;) {
      const additions = run.waiting.get(this.#prefix) as Addition[];
      if (additions.length === 0) break;
      run.waiting.set(this.#prefix, []);
      try {
        const { token } = await this.#addAll(run.name, additions);
        for (const { resolve } of additions) resolve({ token });
      } catch (error) {
        for (const { reject } of additions) reject(error);
      }
    }
    run.waiting.delete(this.#prefix);
  }

  async #addAll(name: string, additions: readonly Addition[]): Promise<{ readonly token: string }> {
    let { increments, decrements } = (await this.#registers.get(name)) ?? { increments: 0, decrements: 0 };
    for (const { amount } of additions) {
      if (amount < 0) decrements -= amount;
      else increments += amount;
    }
    if (!Number.isSafeInteger(increments) || !Number.isSafeInteger(decrements)) throw tooMuch();
    return this.#registers.put(name, { increments, decrements });
  }
}

const REGISTER: StandardSchemaV1<Register> = schemaOf('register of a counter', isRegister);

function isRegister(value: unknown): value is Register {
  const { increments, decrements } = (value ?? {}) as Partial<Register>;
  return isCount(increments) && isCount(decrements);
}

function isCount(value: number | undefined): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function notWhole(amount: unknown): BoatoError {
  const what = typeof amount === 'number' ? amount : `a ${typeof amount}`;
  return new BoatoError(
    'INVALID_VALUE',
    `A counter adds whole numbers from -2^53 + 1 to 2^53 - 1, not ${what}.`,
  );
}

function tooMuch(): BoatoError {
  return new BoatoError(
    'INVALID_VALUE',
    'One run of a program adds no more than 2^53 - 1 to a counter: nothing of this was added.',
  );
}
