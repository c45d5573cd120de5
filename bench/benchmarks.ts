/** All benchmarks, in the order of the results. */

import { check } from './check.ts';
import { comparison } from './comparison.ts';
import { disjoint } from './disjoint.ts';
import type { Benchmark } from './harness/benchmark.ts';

export const BENCHMARKS: readonly Benchmark[] = [check, comparison, disjoint];
