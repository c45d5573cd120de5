/** A plan is what a run is cut down from: what is left out of it leaves the rest as it was. */

import { expect, it } from 'vitest';
import { planNamed, replayCommand, type RunName, selectedPlan } from '../../src/simulation/replay.ts';
import { conditionsOf, select, switchesOf, WHOLE } from '../../src/simulation/selection.ts';

const NAME: RunName = { seed: 7, nodes: 5, profile: 'hard' };

it('one seed has one plan', () => {
  expect(planNamed(NAME)).toEqual(planNamed(NAME));
  expect(planNamed({ ...NAME, seed: 8 }).steps).not.toEqual(planNamed(NAME).steps);
});

it('steps are numbered in the order of their times', () => {
  const { steps, forMs } = planNamed(NAME);
  expect(steps.map(({ number }) => number)).toEqual([...steps.keys()]);
  expect(steps.every(({ atMs }, at) => atMs >= (steps[at - 1]?.atMs ?? 0) && atMs < forMs)).toBe(true);
  expect(new Set(steps.map(({ type }) => type))).toEqual(new Set(['work', 'fault']));
});

it('a shorter run begins with the same steps, under the same numbers', () => {
  const whole = planNamed(NAME).steps;
  const shorter = planNamed({ ...NAME, minutes: 0.5 }).steps;
  expect(shorter.length).toBeGreaterThan(10);
  expect(shorter).toEqual(whole.slice(0, shorter.length));
});

it('a step that is left out leaves the others as they were', () => {
  const whole = planNamed(NAME);
  expect(select(whole, { ...WHOLE, keep: [3, 17, 18] }).steps).toEqual(
    [3, 17, 18].map((number) => whole.steps[number]),
  );
  const [fault] = whole.steps.flatMap((step) => (step.type === 'fault' ? [step.fault.kind] : []));
  const without = select(whole, { ...WHOLE, without: [fault as string] });
  expect(without.steps).toEqual(
    whole.steps.filter((step) => !(step.type === 'fault' && step.fault.kind === fault)),
  );
  expect(without.profile.faults).not.toContain(fault);
});

it('a condition of the network that is left out is as when all is well', () => {
  const whole = planNamed(NAME);
  expect(conditionsOf(whole)).toContain('loss');
  const calmer = select(whole, { ...WHOLE, without: ['loss'] });
  expect(conditionsOf(calmer)).toEqual(conditionsOf(whole).filter((name) => name !== 'loss'));
  expect(calmer.profile.conditions.loss).toBe(0);
});

it('membership that is left out leaves the rest as it was', () => {
  const whole = planNamed({ ...NAME, seed: 13 });
  expect(switchesOf(whole)).toContain('membership');
  const without = select(whole, { ...WHOLE, without: ['membership'] });
  expect(switchesOf(without)).toEqual(conditionsOf(whole));
  expect(without.steps).toEqual(whole.steps);
});

it('a third of the plans have membership, with one name or two that all are told', () => {
  const plans = Array.from({ length: 300 }, (_, seed) => planNamed({ ...NAME, seed }).profile);
  const seeds = plans.map(({ options }) => options.seeds);
  expect(new Set(seeds)).toEqual(new Set([undefined, 1, 2]));
  expect(new Set(plans.map(({ options }) => options.sampler))).toEqual(
    new Set([undefined, 'full', 'partial']),
  );
  expect(seeds.filter((count) => count !== undefined).length / seeds.length).toBeCloseTo(1 / 3, 1);
});

it('the command that replays a run names all that differs from the whole of it', () => {
  expect(replayCommand(NAME, WHOLE)).toBe('npm run simulate -- --seed 7 --nodes 5 --profile hard');
  const selection = { keep: [3, 17, 18, 19], without: ['loss', 'crash'], absent: [0, 4] };
  expect(replayCommand({ ...NAME, minutes: 0.5 }, selection)).toBe(
    'npm run simulate -- --seed 7 --nodes 5 --profile hard --minutes 0.5 --absent 0,4 --without loss,crash --keep 3,17-19',
  );
  expect(selectedPlan(NAME, { ...WHOLE, keep: [] }).steps).toEqual([]);
});
