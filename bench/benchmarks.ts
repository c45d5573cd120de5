/** All benchmarks, in the order of the results. */

import { check } from './check.ts';
import { comparison } from './comparison.ts';
import { disjoint } from './disjoint.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { reads } from './reads.ts';
import { writes } from './writes.ts';

export const BENCHMARKS: readonly Benchmark[] = [writes, reads, check, comparison, disjoint];
