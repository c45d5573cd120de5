/** What a benchmark is: a function from settings to a section of the results. */

import type { Bench } from './bench.ts';

export interface Settings {
  /** Of a full-size store; each benchmark says what it does with it. */
  readonly keys: number;
  readonly rounds: number;
}

export interface Row {
  readonly what: string;
  readonly figure: string;
  /** As the design has it; absent where there is none. */
  readonly target?: string;
}

export interface Benchmark {
  readonly name: string;
  /** One line, for `--help`. */
  readonly title: string;
  /** What is measured and against what, for the results. */
  readonly description: string;
  readonly defaults: Settings;
  run(settings: Settings, bench: Bench): Promise<readonly Row[]>;
}
