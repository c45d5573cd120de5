/** One run as a command: what it prints, and what it does about a failure. */

import type { Hash64 } from '../ports/hash64.ts';
import { firstDifference } from './first-difference.ts';
import type { Options } from './options.ts';
import type { Plan } from './plan.ts';
import { planNamed, replayCommand, type RunName } from './replay.ts';
import { resultText, stepsText } from './result-text.ts';
import { run, type RunResult } from './run.ts';
import { type Selection, select } from './selection.ts';
import { shrink, type Shrunk } from './shrink.ts';

export type Print = (line: string) => void;

/** Resolves to the exit code. `print` is for what was asked for, `tell` for how it goes on. */
export async function simulate(
  options: Options & { readonly seed: number },
  hash64: Hash64,
  print: Print,
  tell: Print,
): Promise<number> {
  const { keep, without, absent, json, log, minutes } = options;
  const name: RunName = {
    seed: options.seed,
    nodes: options.nodes[0] ?? 0,
    profile: options.profile[0] ?? 'hard',
    minutes,
  };
  const selection: Selection = { keep, without, absent };
  const whole = planNamed(name);
  const unknown = keep?.find((number) => number >= whole.steps.length);
  if (unknown !== undefined) {
    tell(`simulate: There is no step ${unknown}: the plan has steps 0 to ${whole.steps.length - 1}.`);
    return 2;
  }
  const plan = select(whole, selection);
  const startMs = performance.now();
  const result = await run(plan, hash64, log ? print : undefined);
  const tookMs = performance.now() - startMs;
  const { failure } = result;
  if (json === undefined) for (const line of resultText(plan, result, tookMs)) print(line);
  const command = replayCommand(name, selection);
  const shrunk =
    failure === undefined || options.shrink === false
      ? undefined
      : await cutDown(whole, selection, { ...result, failure }, options.shrink, hash64, tell);
  const difference = options.twice === undefined ? undefined : await differenceOf(plan, hash64);
  if (json !== undefined) {
    const smaller = shrunk && { command: replayCommand(name, shrunk.selection), ...shrunk };
    print(JSON.stringify({ command, ...result, tookMs, shrunk: smaller, difference }));
  } else {
    if (failure !== undefined) print(`Replayed by:\n  ${command}`);
    if (shrunk !== undefined) printShrunk(name, whole, shrunk, print);
    if (options.twice) print(difference ?? 'The second run was the same, line by line.');
  }
  return failure === undefined && difference === undefined ? 0 : 1;
}

async function cutDown(
  whole: Plan,
  selection: Selection,
  result: RunResult & { readonly failure: NonNullable<RunResult['failure']> },
  withinMs: number,
  hash64: Hash64,
  tell: Print,
): Promise<Shrunk> {
  const endMs = performance.now() + withinMs;
  return shrink(whole, selection, result, {
    run: (plan) => run(plan, hash64),
    isOver: () => performance.now() >= endMs,
    onProgress: (smaller, runs) => {
      const { steps, absent } = select(whole, smaller);
      tell(
        `Fails the same way with ${steps.length} steps, ${whole.nodes - absent.length} nodes (${runs} runs).`,
      );
    },
  });
}

function printShrunk(name: RunName, whole: Plan, { selection, result, runs }: Shrunk, print: Print): void {
  const plan = select(whole, selection);
  print(`Cut down in ${runs} runs to ${plan.steps.length} steps of ${whole.steps.length}, by:`);
  print(`  ${replayCommand(name, selection)}`);
  print(`  (hash ${result.hash}: ${result.failure?.what ?? ''})`);
  for (const line of stepsText(plan)) print(line);
}

async function differenceOf(plan: Plan, hash64: Hash64): Promise<string | undefined> {
  const lines: [string[], string[]] = [[], []];
  for (const logged of lines) await run(plan, hash64, (line) => void logged.push(line));
  return firstDifference(...lines);
}
