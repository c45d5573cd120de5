/** Families of random schedules: plain ones, and templates that put random actions inside something that runs. */

import * as fc from 'fast-check';
import {
  type Action,
  AWAY,
  CLOCKS,
  COMMON,
  DISKS,
  FAILURES,
  LOSSES,
  RETIREMENTS,
  RUNS,
  TOLD,
  WATCHES,
} from './actions.ts';
import type { Schedule } from './run-schedule.ts';

type Draw = readonly fc.Arbitrary<Action>[];

const size: fc.Arbitrary<number> = fc.integer({ min: 2, max: 5 });

function plain(...draws: readonly Draw[]): fc.Arbitrary<Schedule> {
  const actions = fc.array(fc.oneof(...draws.flat()), { maxLength: 40, size: 'max' });
  return fc.record({ size, actions });
}

/** `opening`, some random actions, and a step of node 0's session after each, until it has come to its end. */
function within(opening: readonly Action[], ...draws: readonly Draw[]): fc.Arbitrary<Schedule> {
  const some = (maxLength: number): fc.Arbitrary<Action[]> =>
    fc.array(fc.oneof(...draws.flat()), { maxLength, size: 'max' });
  const step: Action = { do: 'chunk', node: 0, delivery: 'delivered' };
  return fc
    .record({ before: some(12), between: fc.array(some(3), { maxLength: 6 }), after: some(6) })
    .map(({ before, between, after }) => ({
      size: 3,
      actions: [...before, ...opening, ...between.flatMap((actions) => [step, ...actions]), ...after],
    }));
}

/** The clocks of nodes 0 and 1 leap, are right again, and what was written is repaired; random actions between. */
function repaired(...draws: readonly Draw[]): fc.Arbitrary<Schedule> {
  const some = fc.array(fc.oneof(...draws.flat()), { maxLength: 8, size: 'max' });
  const clocks = (offsetS: number): fc.Arbitrary<Action[]> =>
    fc.constant([0, 1].map((node) => ({ do: 'clock' as const, node, offsetS })));
  const repair = fc.record({
    do: fc.constant('repair' as const),
    node: fc.nat({ max: 1 }),
    all: fc.boolean(),
  });
  const one = repair.map((action) => [action]);
  return fc
    .tuple(some, clocks(600), some, some, clocks(0), some, one, some, one, some)
    .map((parts) => ({ size: 3, actions: parts.flat() }));
}

const COMPARING: readonly Action[] = [{ do: 'compare', node: 0, server: 1 }];
const RESUMED: readonly Action[] = [
  { do: 'open', node: 0, server: 1 },
  { do: 'chunk', node: 0, delivery: 'delivered' },
  { do: 'break', node: 0 },
  { do: 'restart', node: 0 },
  { do: 'open', node: 0, server: 1 },
];
const BOOTSTRAPPING: readonly Action[] = [
  { do: 'wipe', node: 0 },
  { do: 'open', node: 0, server: 1 },
];

/** Of node 1, one after another. */
const FILLED: readonly Action[] = ['a', 'b', 'c', 'd'].map((key) => ({ do: 'put', node: 1, key }));
/** Of node 0. */
const CRASHES: Draw = [
  fc.record({ do: fc.constantFrom('kill' as const, 'restart' as const), node: fc.constant(0) }),
  fc.record({ do: fc.constant('open' as const), node: fc.constant(0), server: fc.constant(1) }),
];

/** Those that mutants are tried with. */
export const MUTANT_FAMILIES: Readonly<Record<string, fc.Arbitrary<Schedule>>> = {
  sessions: plain(COMMON, COMMON, TOLD),
  absences: plain(AWAY, AWAY, COMMON, TOLD),
  disks: plain(AWAY, COMMON, TOLD, DISKS),
  clocks: plain(AWAY, COMMON, TOLD, CLOCKS),
  repairs: repaired(AWAY, COMMON, TOLD),
  everything: plain(AWAY, COMMON, TOLD, DISKS, CLOCKS),
  'in a comparison': within(COMPARING, AWAY, AWAY, COMMON, TOLD),
  'in a resumed session': within(RESUMED, AWAY, AWAY, COMMON, TOLD),
  'in a bootstrap': within(BOOTSTRAPPING, AWAY, AWAY, COMMON, TOLD),
  'in a bootstrap that crashes': within([...FILLED, ...BOOTSTRAPPING], CRASHES, CRASHES, COMMON, TOLD),
};

export const FAMILIES: Readonly<Record<string, fc.Arbitrary<Schedule>>> = {
  ...MUTANT_FAMILIES,
  'failing disks': plain(AWAY, COMMON, COMMON, TOLD, FAILURES, FAILURES),
  'gone for ever': plain(RETIREMENTS, AWAY, AWAY, COMMON, RUNS, TOLD),
  'gone for ever, clocks': plain(RETIREMENTS, AWAY, COMMON, TOLD, CLOCKS),
  'gone for ever, disks': plain(RETIREMENTS, AWAY, AWAY, COMMON, TOLD, LOSSES, FAILURES),
  'gone for ever, in a comparison': within(COMPARING, RETIREMENTS, AWAY, AWAY, COMMON, TOLD),
  'gone for ever, in a resumed session': within(RESUMED, RETIREMENTS, AWAY, AWAY, COMMON, TOLD),
  'gone for ever, in a bootstrap': within(BOOTSTRAPPING, RETIREMENTS, AWAY, AWAY, COMMON, TOLD),
  'many runs': plain(RUNS, RUNS, AWAY, TOLD),
  'many runs, disks': plain(RUNS, RUNS, AWAY, TOLD, DISKS, DISKS),
};

/** Somebody watches node 0, and goes on at a node after a while; random actions before, between and after. */
function resumed(...draws: readonly Draw[]): fc.Arbitrary<Schedule> {
  const some = (maxLength: number): fc.Arbitrary<Action[]> =>
    fc.array(fc.oneof(...draws.flat()), { maxLength, size: 'max' });
  const node = fc.nat({ max: 2 });
  return fc
    .record({ before: some(5), between: some(7), after: some(4), node })
    .map(({ before, between, after, node: at }) => ({
      size: 3,
      actions: [
        ...before,
        { do: 'watch', client: 0, node: 0 },
        ...between,
        { do: 'resume', client: 0, node: at },
        { do: 'look', client: 0, steps: 1000 },
        ...after,
      ],
    }));
}

/** Apart: they are drawn as often as all others, and the seeds of those stay what they are. */
export const WATCHED_FAMILIES: Readonly<Record<string, fc.Arbitrary<Schedule>>> = {
  'watched sessions': plain(COMMON, TOLD, WATCHES, WATCHES),
  'watched absences': plain(AWAY, AWAY, COMMON, TOLD, WATCHES, WATCHES),
  'watched disks': plain(AWAY, COMMON, TOLD, DISKS, WATCHES, WATCHES),
  'watched clocks': plain(AWAY, COMMON, CLOCKS, WATCHES, WATCHES),
  'resumed watches': resumed(AWAY),
  'resumed watches, disks': resumed(AWAY, AWAY, TOLD, DISKS),
  'watched comparisons': within(COMPARING, AWAY, AWAY, COMMON, WATCHES, WATCHES),
  'watched bootstraps': within(BOOTSTRAPPING, AWAY, AWAY, COMMON, WATCHES, WATCHES),
  'watched, gone for ever': plain(RETIREMENTS, AWAY, COMMON, TOLD, WATCHES, WATCHES),
  'watched runs': plain(RUNS, RUNS, AWAY, TOLD, DISKS, WATCHES, WATCHES),
};
