/** What a campaign came to, for people: a few lines at its end, and a page of Markdown. */

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { replayCommand } from '../replay.ts';
import { counted, duration, firedText, number } from '../result-text.ts';
import { WHOLE } from '../selection.ts';
import { formatNumbers } from '../step-numbers.ts';
import type { CampaignOptions } from './campaign.ts';
import type { Coverage } from './coverage.ts';
import { coverageTable } from './coverage-text.ts';
import type { CutDown } from './cut-down.ts';
import { type Broken, RUNS_FOR_EVERY_FAULT, type Tally } from './tally.ts';

export interface CampaignOutcome {
  readonly options: CampaignOptions;
  readonly tally: Tally;
  readonly tookMs: number;
  readonly workers: number;
  readonly wasInterrupted: boolean;
  readonly cutDown: readonly CutDown[];
  readonly coverage: Coverage | undefined;
}

/** Of one kind as many are listed; the others are counted. */
const LISTED_MAX = 5;

const HOUR_MS = 3_600_000;

export function summaryText(outcome: CampaignOutcome): readonly string[] {
  const { tally, coverage } = outcome;
  return [
    ...figures(outcome).map(([name, text]) => `${name}: ${text}`),
    `faults: ${firedText(tally.fired)}`,
    ...neverFiredText(tally),
    ...failuresText(outcome),
    ...(coverage === undefined ? [] : ['', ...coverageTable(coverage)]),
  ];
}

export function reportText(outcome: CampaignOutcome): string {
  const { tally, coverage } = outcome;
  const fired = Object.entries(tally.fired).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const lines = [
    '# A campaign of the simulator',
    '',
    ...figures(outcome).map(([name, text]) => `- ${name}: ${text}`),
    '',
    '## Faults',
    '',
    '| fault | times |',
    '|---|---:|',
    ...fired.map(([kind, times]) => `| ${kind} | ${number(times)} |`),
    '',
    ...neverFiredText(tally),
    '## Failures',
    '',
    ...(tally.broken.length === 0
      ? ['None: every promise was kept.']
      : ['```', ...failuresText(outcome), '```']),
    '',
    ...(coverage === undefined ? [] : ['## Coverage', '', ...coverageTable(coverage), '']),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function figures({
  options,
  tally,
  tookMs,
  workers,
  wasInterrupted,
}: CampaignOutcome): readonly (readonly [string, string])[] {
  const { seeds = [], fresh, firstSeed, nodes, profile } = options;
  const freshRuns = Math.max(0, tally.runs - seeds.length);
  const asked = seeds.length === 0 ? '' : `${formatNumbers(seeds)}${freshRuns > 0 ? ', then ' : ''}`;
  const drawn = fresh && freshRuns > 0 ? `${freshRuns} from ${firstSeed}` : '';
  return [
    ['source', `${commit()}, Node.js ${process.versions.node}`],
    ['seeds', `${asked}${drawn}`],
    ['clusters', `${nodes.join(', ')} nodes; profile ${profile.join(', ')}`],
    ['runs', `${number(tally.runs)}, of which ${number(tally.broken.length)} broke a promise`],
    ['simulated', `${(tally.virtualMs / HOUR_MS).toFixed(1)} hours`],
    ['events', number(tally.events)],
    ['messages', number(tally.messages)],
    ['slowest to agree', duration(tally.slowestAgreementMs)],
    ['slowest to find each other', duration(tally.slowestFindingMs)],
    [
      'took',
      `${duration(tookMs)} with ${counted(workers, 'process').replace('processs', 'processes')} on ` +
        `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'})${wasInterrupted ? ', interrupted' : ''}`,
    ],
  ];
}

function neverFiredText(tally: Tally): readonly string[] {
  const never = tally.neverFired();
  if (never.length === 0) return [];
  return [
    `Never done in ${RUNS_FOR_EVERY_FAULT} runs or more, which fails the campaign: ${never.join(', ')}.`,
    '',
  ];
}

function failuresText({ tally, cutDown, options: { without } }: CampaignOutcome): readonly string[] {
  const byKind = new Map<string, Broken[]>();
  for (const broken of tally.broken) {
    const { kind } = broken.failure;
    byKind.set(kind, [...(byKind.get(kind) ?? []), broken]);
  }
  return [...byKind].flatMap(([kind, failures]) => {
    const [first] = failures;
    const smaller = cutDown.find((one) => one.kind === kind);
    return [
      `${counted(failures.length, 'run')}: ${first?.failure.what ?? kind}`,
      ...(first?.failure.where ?? []).map((place) => `    ${place}`),
      ...failures.slice(0, LISTED_MAX).map(({ name }) => `  ${replayCommand(name, { ...WHOLE, without })}`),
      ...(smaller === undefined
        ? []
        : [`  cut down to ${counted(smaller.steps, 'step')}:`, `  ${smaller.command}`]),
    ];
  });
}

function commit(): string {
  try {
    const hash = git('rev-parse', '--short=12', 'HEAD');
    const changed = git('status', '--porcelain', '--untracked-files=no');
    return `commit ${hash}${changed === '' ? '' : ', changed since'}`;
  } catch {
    return 'no commit';
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
