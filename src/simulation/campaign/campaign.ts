/** Many runs on all cores: as many seeds as there is time for, and a report of what they came to. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Options } from '../options.ts';
import type { ProfileName } from '../profile.ts';
import { replayCommand, type RunName } from '../replay.ts';
import { duration } from '../result-text.ts';
import { WHOLE } from '../selection.ts';
import type { Print } from '../simulate.ts';
import { formatNumbers } from '../step-numbers.ts';
import { type Coverage, CoverageFolder } from './coverage.ts';
import { cutDownFirsts } from './cut-down.ts';
import { reportText, summaryText } from './report.ts';
import { Tally } from './tally.ts';
import { WorkerProcess } from './worker-process.ts';

export interface CampaignOptions extends Options {
  readonly campaign: number;
  /** Fresh seeds go up from here. */
  readonly firstSeed: number;
}

/** How often it says how far it is. */
const PROGRESS_MS = 60_000;

const INTERRUPTED = 130;

/** Resolves to the exit code. `print` is for what was asked for, `tell` for how it goes on. */
export async function campaign(options: CampaignOptions, print: Print, tell: Print): Promise<number> {
  const { workers = availableParallelism(), json } = options;
  const folder = options.coverage ? await CoverageFolder.create() : undefined;
  const tally = new Tally();
  const startMs = performance.now();
  const wasInterrupted = await runAll(options, workers, folder?.env ?? {}, tally, tell);
  const tookMs = performance.now() - startMs;
  const cutDown = await cutDownFirsts(tally.broken, options, tell);
  const coverage: Coverage | undefined = await folder?.read();
  const outcome = { options, tally, tookMs, workers, wasInterrupted, cutDown, coverage };
  if (json) print(JSON.stringify({ ...tally.figures(), tookMs, cutDown, coverage }));
  else for (const line of summaryText(outcome)) print(line);
  if (options.report !== undefined) await writeFile(options.report, reportText(outcome));
  if (tally.broken.length > 0 || tally.neverFired().length > 0) return 1;
  return wasInterrupted ? INTERRUPTED : 0;
}

/** Resolves to whether it was interrupted. */
async function runAll(
  options: CampaignOptions,
  workers: number,
  env: NodeJS.ProcessEnv,
  tally: Tally,
  tell: Print,
): Promise<boolean> {
  const endMs = performance.now() + options.campaign;
  const names = namesOf(options, () => performance.now() >= endMs);
  const processes = Array.from({ length: workers }, () => new WorkerProcess(env));
  let isInterrupted = false;
  const interrupt = (): void => {
    tell('Interrupted: what has begun is given up.');
    isInterrupted = true;
    for (const worker of processes) void worker.end();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const { seeds = [], fresh, firstSeed } = options;
  if (seeds.length > 0) tell(`Seeds ${formatNumbers(seeds)}.`);
  if (fresh) tell(`Fresh seeds from ${firstSeed}, for ${duration(options.campaign)} in all.`);
  const startMs = performance.now();
  const progress = setInterval(() => {
    const { runs, broken } = tally;
    tell(`${duration(performance.now() - startMs)}: ${runs} runs, ${broken.length} broke a promise.`);
  }, PROGRESS_MS);
  const work = async (worker: WorkerProcess): Promise<void> => {
    for (const name of names) {
      const outcome = await worker.run({ name, without: options.without });
      if (isInterrupted) break;
      if ('result' in outcome) tally.add(name, outcome.result, outcome.tookMs);
      else tally.addLost(name, outcome.failure, outcome.tookMs);
      const failure = 'result' in outcome ? outcome.result.failure : outcome.failure;
      if (failure !== undefined)
        tell(`${failure.what}\n  ${replayCommand(name, { ...WHOLE, without: options.without })}`);
    }
    await worker.end();
  };
  try {
    await Promise.all(processes.map(work));
  } finally {
    clearInterval(progress);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  return isInterrupted;
}

/** Those that were asked for in any case, then fresh ones. Its takers share it. */
function* namesOf(options: CampaignOptions, isOver: () => boolean): Generator<RunName> {
  const { seeds = [], fresh, firstSeed } = options;
  for (const seed of seeds) yield nameOf(seed, options);
  if (!fresh) return;
  for (let seed = firstSeed; !isOver(); seed = (seed + 1) % 2 ** 32) yield nameOf(seed, options);
}

/** Nodes and profiles take turns, by the seed, so that a seed alone tells them. */
function nameOf(seed: number, { nodes, profile, minutes }: CampaignOptions): RunName {
  const turn = Math.floor(seed / nodes.length);
  return {
    seed,
    nodes: nodes[seed % nodes.length] as number,
    profile: profile[turn % profile.length] as ProfileName,
    minutes,
  };
}
