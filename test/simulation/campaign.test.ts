/** Campaigns: what they count, what fails them, what they report, and how they end. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { reportText, summaryText } from '../../src/simulation/campaign/report.ts';
import { RUNS_FOR_EVERY_FAULT, Tally } from '../../src/simulation/campaign/tally.ts';
import type { RunName } from '../../src/simulation/replay.ts';
import type { RunResult } from '../../src/simulation/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MAIN = fileURLToPath(new URL('../../dist/simulation/main.js', import.meta.url));

const NAME: RunName = { seed: 7, nodes: 3, profile: 'hard' };

const RESULT: RunResult = {
  failure: undefined,
  hash: 'a',
  events: 10,
  virtualMs: 120_000,
  traffic: { sent: 5, sentBytes: 100, lost: 1, repeated: 0, reordered: 0, cutOff: 0 },
  fired: { crash: 2, partition: 0 },
  foundAfterMs: 700,
  agreedAfterMs: 900,
};

const BROKEN: RunResult = {
  ...RESULT,
  failure: { kind: 'P4', what: 'P4: a write is lost.', atMs: 5, where: ['src/core/entry.ts:1:2'] },
};

function outcome(tally: Tally): Parameters<typeof reportText>[0] {
  const options = {
    campaign: 1000,
    firstSeed: 50,
    fresh: true,
    nodes: [3],
    profile: ['hard' as const],
    without: [],
    absent: [],
    shrink: false as const,
  };
  const cutDown = [
    { kind: 'P4', command: 'npm run simulate -- --keep 3', steps: 1, failure: BROKEN.failure as never },
  ];
  return { options, tally, tookMs: 1000, workers: 2, wasInterrupted: false, cutDown, coverage: undefined };
}

function filled(runs: number, result: RunResult): Tally {
  const tally = new Tally();
  for (let seed = 0; seed < runs; seed++) tally.add({ ...NAME, seed }, result, 10);
  return tally;
}

describe('a campaign', () => {
  it('counts how often each fault was done', () => {
    expect(filled(3, RESULT).fired).toEqual({ crash: 6, partition: 0 });
  });

  it('is failed by a fault that was never done, once there was time for it', () => {
    expect(filled(RUNS_FOR_EVERY_FAULT - 1, RESULT).neverFired()).toEqual([]);
    const tally = filled(RUNS_FOR_EVERY_FAULT, RESULT);
    expect(tally.neverFired()).toEqual(['partition']);
    expect(summaryText(outcome(tally)).join('\n')).toMatch(/Never done .*: partition\./u);
  });

  it('reports failures by kind, with the commands that replay them', () => {
    const tally = filled(2, RESULT);
    tally.add({ ...NAME, seed: 99 }, BROKEN, 10);
    tally.addLost(
      { ...NAME, seed: 100 },
      { kind: 'no end', what: 'The run did not end.', atMs: 0, where: [] },
      10,
    );
    const text = reportText(outcome(tally));
    expect(text).toContain('4, of which 2 broke a promise');
    expect(text).toContain(
      'P4: a write is lost.\n    src/core/entry.ts:1:2\n  npm run simulate -- --seed 99 --nodes 3',
    );
    expect(text).toContain('cut down to 1 step:\n  npm run simulate -- --keep 3');
    expect(text).toContain('The run did not end.\n  npm run simulate -- --seed 100 --nodes 3');
    expect(text).toContain('| crash | 6 |');
  });

  it('says so if every promise was kept', () => {
    expect(reportText(outcome(filled(2, RESULT)))).toContain('None: every promise was kept.');
  });
});

describe('npm run simulate -- --campaign', { timeout: 120_000 }, () => {
  it('runs the seeds that it was asked for in processes of its own, and tells what of the code they ran', async () => {
    const report = join(await temporaryFolder(), 'report.md');
    const args = ['--campaign', '1s', '--seeds', '1-3', '--no-fresh', '--nodes', '3', '--minutes', '0.2'];
    const { stdout } = await promisify(execFile)(process.execPath, [
      MAIN,
      ...args,
      '--workers',
      '2',
      '--coverage',
      '--report',
      report,
    ]);
    expect(stdout).toContain('runs: 3, of which 0 broke a promise');
    const text = await readFile(report, 'utf8');
    expect(text).toContain('seeds: 1-3\n');
    const [, lines] = /\| src\/core \| (?<lines>[\d.]+) %/u.exec(text) ?? [];
    expect(Number(lines)).toBeGreaterThan(40);
    expect(Number(lines)).toBeLessThan(100);
  });

  it('ends at Ctrl-C with what there is so far', async () => {
    const child = spawn(process.execPath, [MAIN, '--campaign', '1h', '--nodes', '3', '--workers', '1']);
    const lines = createInterface({ input: child.stderr });
    for await (const line of lines) if (line.startsWith('Fresh seeds from')) break;
    child.kill('SIGINT');
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(130);
    expect(said).toContain('interrupted');
  });
});
