/** Cuts a failing run down to what its failure needs: fewer steps, fewer machines, a calmer network. */

import { ddmin } from './ddmin.ts';
import type { Failure } from './failure.ts';
import type { Plan } from './plan.ts';
import type { RunResult } from './run.ts';
import { type Selection, select, switchesOf } from './selection.ts';

/** What fails sooner with less to do may fail later; what comes after so many times as long is not waited for. */
const TIMES_AS_LONG = 1.5;

/** The nodes of a cluster that is worth the name. */
const MACHINES_MIN = 2;

export interface ShrinkDependencies {
  readonly run: (plan: Plan) => Promise<RunResult>;
  /** No more runs begin. */
  readonly isOver: () => boolean;
  /** Told after each run that failed in the same way. */
  readonly onProgress?: (selection: Selection, runs: number) => void;
}

export interface Shrunk {
  readonly selection: Selection;
  /** Of the run with this selection. */
  readonly result: RunResult;
  /** It took so many. */
  readonly runs: number;
}

/**
 * `plan` is that of the whole run, of which `selection` failed with `result`: only runs that fail in the same way count.
 * What is returned has failed so, and fails so whenever it is run.
 */
export async function shrink(
  plan: Plan,
  selection: Selection,
  result: RunResult & { readonly failure: Failure },
  { run, isOver, onProgress }: ShrinkDependencies,
): Promise<Shrunk> {
  const { kind } = result.failure;
  let best: Shrunk = { selection, result, runs: 0 };
  let runs = 0;
  const fails = async (tried: Selection): Promise<boolean> => {
    if (isOver()) return false;
    runs++;
    const outcome = await run(select(plan, tried));
    if (outcome.failure?.kind !== kind) return false;
    best = { selection: tried, result: outcome, runs };
    onProgress?.(tried, runs);
    return true;
  };
  const with_ = (change: Partial<Selection>): Selection => ({ ...best.selection, ...change });
  const stepsNow = (): readonly Plan['steps'][number][] => select(plan, best.selection).steps;

  // What came after the failure cannot have led to it.
  const { atMs } = result.failure;
  const minutes = Math.ceil((TIMES_AS_LONG * atMs) / 6000) / 10;
  const before = stepsNow().filter((step) => step.atMs <= atMs);
  if (before.length < stepsNow().length) {
    const isShorter = minutes * 60_000 < select(plan, selection).forMs;
    await fails(with_({ keep: before.map(({ number }) => number), ...(isShorter && { minutes }) }));
  }
  const leaveOutOneByOne = async (names: readonly string[]): Promise<void> => {
    for (const name of names) await fails(with_({ without: [...best.selection.without, name] }));
  };
  const kinds = stepsNow().flatMap((step) => (step.type === 'fault' ? [step.fault.kind] : []));
  await leaveOutOneByOne([...new Set(kinds)]);
  for (let isSmaller = true; isSmaller && !isOver();) {
    const sizeBefore = sizeOf(plan, best.selection);
    const numbers = stepsNow().map(({ number }) => number);
    await ddmin(numbers, (keep) => fails(with_({ keep })), isOver);
    for (let number = plan.nodes - 1; number >= 0; number--) {
      const { absent } = best.selection;
      if (plan.nodes - absent.length <= MACHINES_MIN) break;
      if (!absent.includes(number)) await fails(with_({ absent: [...absent, number] }));
    }
    await leaveOutOneByOne(switchesOf(select(plan, best.selection)));
    isSmaller = sizeOf(plan, best.selection) < sizeBefore;
  }
  return { ...best, selection: tidied(plan, best.selection), runs };
}

function sizeOf(plan: Plan, selection: Selection): number {
  const selected = select(plan, selection);
  return selected.steps.length + plan.nodes - selection.absent.length + switchesOf(selected).length;
}

/** The same in fewer words: kinds of faults need not be left out where steps are named. */
function tidied(plan: Plan, selection: Selection): Selection {
  const keep = select(plan, selection).steps.map(({ number }) => number);
  const kinds = new Set(plan.steps.map((step) => (step.type === 'fault' ? step.fault.kind : undefined)));
  const without = selection.without.filter((name) => !kinds.has(name as never));
  return {
    ...selection,
    keep: keep.length === plan.steps.length ? undefined : keep,
    without: without.toSorted(),
    absent: selection.absent.toSorted((a, b) => a - b),
  };
}
