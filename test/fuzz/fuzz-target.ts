/** Fuzzes one target for a while: what reaches new code is kept, and changed further. */

import { performance } from 'node:perf_hooks';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { judge } from './judge.ts';
import { minimise } from './minimise.ts';
import { Mutator } from './mutate.ts';
import { Broken, type Target } from './target.ts';

/** Coverage is taken once for so many inputs, since that takes as long as hundreds of them; the rarer, the less there is. */
const BATCH_MIN = 64;
const BATCH_MAX = 4096;

/** Most inputs stay below this; once in a while one of megabytes shows what does not scale. */
const INPUT_BYTES_MAX = 4096;
const GIANT_BYTES = [2 ** 17, 2 ** 20, 8 * 2 ** 20];
/** Of the time. */
const GIANT_SHARE = 0.15;

export interface Instruments {
  /** Whether code was reached since the last question that was not counted as reached before. */
  readonly hasReachedMore: (isCounted: boolean) => boolean;
  /** Told before each input is run: if nothing is heard any more, this was it. */
  readonly onInput: (input: Uint8Array) => void;
}

export interface Found {
  readonly input: Uint8Array;
  readonly error: Broken;
}

export interface Fuzzed {
  readonly inputs: number;
  /** Of those that were made: what reached new code. */
  readonly kept: readonly Uint8Array[];
  readonly found: Found | undefined;
}

export interface FuzzOptions {
  /** What is known of the target: at least one input. */
  readonly corpus: readonly Uint8Array[];
  readonly seconds: number;
  /** The same seed makes the same inputs, as long as time does not decide how many. */
  readonly seed: number;
}

/** Until the time is over, or something is found, which is then made small. */
export async function fuzzTarget(
  target: Target,
  options: FuzzOptions,
  instruments: Instruments,
): Promise<Fuzzed> {
  const campaign = new Campaign(target, options, instruments);
  try {
    await campaign.run();
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    const { input, cause } = error;
    const smallest = await minimise(input, async (candidate) => {
      instruments.onInput(candidate);
      return (await brokenBy(target, candidate))?.message === cause.message;
    });
    return { inputs: campaign.inputs, kept: campaign.kept, found: { input: smallest, error: cause } };
  }
  return { inputs: campaign.inputs, kept: campaign.kept, found: undefined };
}

class Finding extends Error {
  readonly input: Uint8Array;
  override readonly cause: Broken;

  constructor(input: Uint8Array, cause: Broken) {
    super(cause.message);
    this.input = input;
    this.cause = cause;
  }
}

class Campaign {
  inputs = 0;
  readonly kept: Uint8Array[] = [];
  readonly #target: Target;
  readonly #instruments: Instruments;
  readonly #mutator: Mutator;
  readonly #pool: Uint8Array[];
  readonly #endMs: number;
  #giants = 0;
  #nextGiantMs = performance.now();

  constructor(target: Target, { corpus, seconds, seed }: FuzzOptions, instruments: Instruments) {
    this.#target = target;
    this.#instruments = instruments;
    this.#mutator = new Mutator(createSeededRandom(seed), target.dictionary);
    this.#pool = [...corpus];
    this.#endMs = performance.now() + seconds * 1000;
  }

  async run(): Promise<void> {
    await this.#runAll(this.#pool);
    this.#instruments.hasReachedMore(true);
    let size = BATCH_MIN;
    while (performance.now() < this.#endMs) {
      const batch = await this.#runBatch(size);
      const hasReachedMore = this.#instruments.hasReachedMore(false);
      if (hasReachedMore) await this.#keepFrom(batch);
      size = hasReachedMore ? BATCH_MIN : Math.min(BATCH_MAX, 2 * size);
      if (performance.now() >= this.#nextGiantMs) await this.#runGiant();
    }
  }

  async #runBatch(size: number): Promise<readonly Uint8Array[]> {
    const batch: Uint8Array[] = [];
    while (batch.length < size && performance.now() < this.#endMs) {
      const input = this.#next();
      batch.push(input);
      await this.#runAll([input]);
    }
    return batch;
  }

  async #runAll(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) {
      this.inputs++;
      this.#instruments.onInput(input);
      const broken = await brokenBy(this.#target, input);
      if (broken !== undefined) throw new Finding(input, broken);
    }
  }

  /** Something of the batch reached new code: its halves are run again, and theirs, to see what did. */
  async #keepFrom(batch: readonly Uint8Array[]): Promise<void> {
    const [input] = batch;
    if (batch.length === 1 && input !== undefined) {
      await this.#runAll(batch);
      if (!this.#instruments.hasReachedMore(true)) return;
      this.#pool.push(input);
      this.kept.push(input);
      return;
    }
    const middle = batch.length >> 1;
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      await this.#runAll(half);
      if (this.#instruments.hasReachedMore(false)) await this.#keepFrom(half);
    }
  }

  async #runGiant(): Promise<void> {
    const bytes = GIANT_BYTES[this.#giants++ % GIANT_BYTES.length] as number;
    const startedMs = performance.now();
    await this.#runAll([this.#mutator.giant(this.#any(), bytes)]);
    this.#nextGiantMs = performance.now() + (performance.now() - startedMs) / GIANT_SHARE;
  }

  #next(): Uint8Array {
    const input = this.#mutator.mutate(this.#any(), this.#any(), INPUT_BYTES_MAX);
    const { mend } = this.#target;
    return mend !== undefined && this.#mutator.chance(4) > 0 ? mend(input) : input;
  }

  #any(): Uint8Array {
    return this.#pool[this.#mutator.chance(this.#pool.length)] as Uint8Array;
  }
}

async function brokenBy(target: Target, input: Uint8Array): Promise<Broken | undefined> {
  try {
    await judge(target, input);
  } catch (error) {
    if (error instanceof Broken) return error;
    throw error;
  }
  return undefined;
}
