/** The first failure of each kind in a campaign, cut down. */

import { createHash64 } from '../../adapters/xxhash.ts';
import type { Failure } from '../failure.ts';
import type { Options } from '../options.ts';
import { planNamed, replayCommand } from '../replay.ts';
import { run } from '../run.ts';
import { type Selection, select, WHOLE } from '../selection.ts';
import { shrink } from '../shrink.ts';
import type { Print } from '../simulate.ts';
import type { Broken } from './tally.ts';

/** Kinds that are cut down; the time is shared among them. */
const KINDS_MAX = 4;

export interface CutDown {
  /** Of the failure in the campaign. */
  readonly kind: string;
  readonly command: string;
  readonly steps: number;
  readonly failure: Failure;
}

export async function cutDownFirsts(
  broken: readonly Broken[],
  { shrink: withinMs, without }: Options,
  tell: Print,
): Promise<readonly CutDown[]> {
  const firsts = new Map(broken.toReversed().map((one) => [one.failure.kind, one]));
  if (withinMs === false || firsts.size === 0) return [];
  const chosen = [...firsts.values()].slice(0, KINDS_MAX);
  const hash64 = await createHash64();
  const results: CutDown[] = [];
  for (const { name, failure } of chosen) {
    // Whatever ended its process would end this one.
    if (failure.where.length > 0 && failure.atMs === 0) continue;
    tell(`Cutting down: ${failure.what}`);
    const endMs = performance.now() + withinMs / chosen.length;
    const whole = planNamed(name);
    const selection: Selection = { ...WHOLE, without };
    const result = await run(select(whole, selection), hash64);
    if (result.failure === undefined) {
      tell('It did not fail again: something differs from run to run. Try it with --twice.');
      continue;
    }
    const smaller = await shrink(
      whole,
      selection,
      { ...result, failure: result.failure },
      { run: (plan) => run(plan, hash64), isOver: () => performance.now() >= endMs },
    );
    results.push({
      kind: failure.kind,
      command: replayCommand(name, smaller.selection),
      steps: select(whole, smaller.selection).steps.length,
      failure: smaller.result.failure ?? result.failure,
    });
  }
  return results;
}
