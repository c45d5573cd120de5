/** All benchmarks, in the order of the results. */

import { bootstrap } from './bootstrap.ts';
import { check } from './check.ts';
import { cities } from './cities.ts';
import { comparison } from './comparison.ts';
import { delta } from './delta.ts';
import { disjoint } from './disjoint.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { idle } from './idle.ts';
import { open } from './open.ts';
import { reads } from './reads.ts';
import { steady } from './steady.ts';
import { tls } from './tls.ts';
import { writes } from './writes.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  writes,
  reads,
  delta,
  bootstrap,
  tls,
  idle,
  open,
  cities,
  steady,
  check,
  comparison,
  disjoint,
];
