/** What came of a run, for people. */

import type { Failure } from './failure.ts';
import type { Plan, Step } from './plan.ts';
import type { RunResult } from './run.ts';
import { conditionsOf } from './selection.ts';

/** Steps of a run that was cut down; more are a list of numbers in its command. */
const STEPS_MAX = 30;

/** Of durations, which are told in three digits. */
const UNITS = [
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

export function resultText(plan: Plan, result: RunResult, tookMs: number): readonly string[] {
  const { seed, nodes, absent, profile, steps } = plan;
  const { failure, hash, traffic, events, virtualMs, agreedAfterMs, foundAfterMs } = result;
  const works = steps.filter(({ type }) => type === 'work').length;
  const conditions = conditionsOf(plan).map(
    (name) => `${name} ${rounded(profile.conditions[name as keyof typeof profile.conditions])}`,
  );
  const without = absent.length === 0 ? '' : `, without ${absent.map((machine) => `n${machine}`).join(', ')}`;
  return [
    `Seed ${seed}, ${nodes} nodes${without}, profile ${profile.name}: ${
      failure === undefined ? 'every promise was kept.' : 'a promise was broken.'
    }`,
    row('work', `${counted(works, 'step')} in ${duration(plan.forMs)}`),
    row('faults', firedText(result.fired)),
    row('network', conditions.length === 0 ? 'calm' : conditions.join(', ')),
    row(
      'messages',
      `${number(traffic.sent)}: ${number(traffic.lost)} lost, ${number(traffic.repeated)} repeated, ` +
        `${number(traffic.reordered)} reordered, ${number(traffic.cutOff)} cut off`,
    ),
    row('time', `${duration(virtualMs)} of virtual time in ${duration(tookMs)}, ${number(events)} events`),
    ...(foundAfterMs === undefined
      ? []
      : [row('members', `found each other ${duration(foundAfterMs)} after everything was healed`)]),
    ...(agreedAfterMs === undefined
      ? []
      : [
          row(
            'agreed',
            `${duration(agreedAfterMs)} after ${foundAfterMs === undefined ? 'everything was healed' : 'that'}`,
          ),
        ]),
    row('hash', hash),
    ...(failure === undefined ? [] : failureText(failure)),
  ];
}

export function failureText({ what, atMs, where }: Failure): readonly string[] {
  return [
    row('broken', what),
    row('when', `${duration(atMs)} after the start`),
    ...where.map((place) => row('', place)),
  ];
}

/** What is left of a run that was cut down. */
export function stepsText({ steps }: Plan): readonly string[] {
  const shown = steps.slice(0, STEPS_MAX).map((step) => row(`${step.number}`, stepText(step)));
  return steps.length <= STEPS_MAX ? shown : [...shown, row('…', `${steps.length - STEPS_MAX} more`)];
}

function stepText(step: Step): string {
  const { kind, ...drawn } = step.type === 'work' ? step.work : step.fault;
  return `at ${(step.atMs / 1000).toFixed(3)} s ${kind} ${JSON.stringify(drawn)}`;
}

export function firedText(fired: Readonly<Record<string, number>>): string {
  const told = Object.entries(fired)
    .filter(([, times]) => times > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, times]) => `${kind} ${number(times)}`);
  return told.length === 0 ? 'none' : told.join(', ');
}

export function counted(count: number, one: string): string {
  return `${number(count)} ${one}${count === 1 ? '' : 's'}`;
}

export function number(value: number): string {
  return value.toLocaleString('en');
}

export function duration(durationMs: number): string {
  const [unitMs, unit] = UNITS.find(([lengthMs]) => durationMs >= 2 * lengthMs) ?? ([1, 'ms'] as const);
  return `${rounded(durationMs / unitMs)} ${unit}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)}${text}`;
}
