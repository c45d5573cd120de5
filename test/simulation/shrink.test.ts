/** A failing run is cut down to what its failure needs, and to nothing that fails otherwise. */

import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/simulation/plan.ts';
import { planNamed, replayCommand, type RunName } from '../../src/simulation/replay.ts';
import type { RunResult } from '../../src/simulation/run.ts';
import { conditionsOf, type Selection, select, WHOLE } from '../../src/simulation/selection.ts';
import { shrink } from '../../src/simulation/shrink.ts';

const NAME: RunName = { seed: 7, nodes: 5, profile: 'hard' };

const WHOLE_PLAN = planNamed(NAME);

const RESULT: RunResult = {
  failure: undefined,
  hash: '',
  events: 0,
  virtualMs: 0,
  traffic: { sent: 0, sentBytes: 0, lost: 0, repeated: 0, reordered: 0, cutOff: 0 },
  fired: {},
  foundAfterMs: undefined,
  agreedAfterMs: undefined,
};

type Failing = RunResult & { readonly failure: NonNullable<RunResult['failure']> };

function failing(kind: string, atMs: number): Failing {
  return { ...RESULT, failure: { kind, what: kind, atMs, where: [] } };
}

const LAST_MS = WHOLE_PLAN.forMs;

/** Runs that fail by a rule, instead of ones that take time. */
function runs(kindOf: (plan: Plan) => string | undefined): {
  readonly run: (plan: Plan) => Promise<RunResult>;
  readonly plans: Plan[];
} {
  const plans: Plan[] = [];
  const run = (plan: Plan): Promise<RunResult> => {
    plans.push(plan);
    const kind = kindOf(plan);
    return Promise.resolve(kind === undefined ? RESULT : failing(kind, LAST_MS));
  };
  return { run, plans };
}

const has = (plan: Plan, ...numbers: number[]): boolean =>
  numbers.every((number) => plan.steps.some((step) => step.number === number));

const cutDown = async (
  kindOf: (plan: Plan) => string | undefined,
  from: Selection = WHOLE,
): Promise<Selection> => {
  const { run } = runs(kindOf);
  const { selection } = await shrink(WHOLE_PLAN, from, failing('P3', LAST_MS), { run, isOver: () => false });
  return selection;
};

function machineOf(number: number): number {
  const step = WHOLE_PLAN.steps[number];
  expect(step?.type).toBe('work');
  return step?.type === 'work' ? step.work.machine : -1;
}

describe('shrinking', () => {
  it('leaves the steps, the nodes and the conditions that the failure needs', async () => {
    const selection = await cutDown((plan) =>
      has(plan, 3, 200) && !plan.absent.includes(2) && conditionsOf(plan).includes('loss') ? 'P3' : undefined,
    );
    expect(selection.keep).toEqual([3, 200]);
    const needed = new Set([2, machineOf(3), machineOf(200)]);
    expect(new Set([0, 1, 2, 3, 4].filter((machine) => !selection.absent.includes(machine)))).toEqual(needed);
    expect(conditionsOf(select(WHOLE_PLAN, selection))).toEqual(['loss']);
  });

  it('does not take another failure for the same', async () => {
    const selection = await cutDown((plan) => (has(plan, 3, 17) ? 'P3' : has(plan, 3) ? 'I1' : undefined));
    expect(selection.keep).toEqual([3, 17]);
  });

  it('begins with what was selected already', async () => {
    const from: Selection = { ...WHOLE, without: ['loss'], absent: [1] };
    const selection = await cutDown((plan) => (has(plan, 5) ? 'P3' : undefined), from);
    expect(selection.keep).toEqual([5]);
    expect(selection.without).toContain('loss');
    expect(selection.absent).toContain(1);
  });

  it('what came after the failure is left out at once', async () => {
    const { run, plans } = runs(() => 'P3');
    const [first] = WHOLE_PLAN.steps;
    const result = failing('P3', first?.atMs ?? 0);
    await shrink(WHOLE_PLAN, WHOLE, result, { run, isOver: () => plans.length >= 1 });
    expect(plans.map(({ steps }) => steps)).toEqual([[first]]);
  });

  it('a run that failed early is made shorter, so that the others take less time', async () => {
    const { run, plans } = runs((plan) => (has(plan, 3) ? 'P3' : undefined));
    const result = failing('P3', 20_000);
    const { selection } = await shrink(WHOLE_PLAN, WHOLE, result, { run, isOver: () => false });
    expect(new Set(plans.map(({ forMs }) => forMs))).toEqual(new Set([30_000]));
    expect(selection).toMatchObject({ keep: [3], minutes: 0.5 });
    expect(replayCommand(NAME, selection)).toContain('--minutes 0.5 ');
  });

  it('begins no run when time is over, and returns one that fails', async () => {
    const { run, plans } = runs((plan) => (has(plan, 3) ? 'P3' : undefined));
    const dependencies = { run, isOver: () => plans.length >= 4 };
    const { selection, result } = await shrink(WHOLE_PLAN, WHOLE, failing('P3', LAST_MS), dependencies);
    expect(plans).toHaveLength(4);
    expect(result.failure?.kind).toBe('P3');
    expect(has(select(WHOLE_PLAN, selection), 3)).toBe(true);
  });
});
