/** `store verify`: whether all that is on disk is what was written. */

import type { Command } from 'commander';
import type { VerifyResult } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { EXIT_DONE, EXIT_FAILURE } from './cli-error.ts';
import { withStore } from './connect.ts';
import { escapeControls } from './printable.ts';
import { createLateProgress } from './progress.ts';
import type { StoreClient } from './store-client.ts';
import { counted } from './units.ts';

/** Between two looks at how far it came. */
const LOOK_MS = 250;

interface Options extends BaseOptions {
  readonly repair?: true;
}

export function verifyCommand(run: Run): Command {
  return baseCommand('verify', 'check every record of the store; exit code 3 if something is wrong', [
    'store verify',
    'store verify --data /var/lib/boato --json',
    'store verify --repair',
  ])
    .option('--repair', 'make anew what can be made from the entries; peers are asked for the rest')
    .action(async (options: Options) => {
      const { repair = false } = options;
      const result = await withStore(options.data, 'existing', (store) => verify(store, repair));
      run.exitCode = result.sound || result.repair?.sound === true ? EXIT_DONE : EXIT_FAILURE;
      if (options.json === true) return run.out.json(result);
      await run.out.add(verifyText(result, repair));
      await run.out.flush();
    });
}

/** The store itself tells how far it came: a running node does it as well as a folder that is opened here. */
async function verify(store: StoreClient, repair: boolean): Promise<VerifyResult> {
  const progress = createLateProgress(process.stderr, undefined, (records) =>
    counted(records, 'record', 'records'),
  );
  const look = async (): Promise<void> => {
    const { verifying } = await store.status();
    if (verifying !== undefined) progress.update(verifying.records);
  };
  // What the status cannot tell, the verification will.
  const timer = process.stderr.isTTY
    ? setInterval(() => void look().catch(() => undefined), LOOK_MS)
    : undefined;
  try {
    return await store.verify(repair);
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}

function verifyText({ sound, records, problems, repair }: VerifyResult, wantsRepair: boolean): string {
  const lines = Object.entries(records).map(([space, count]) => `${SPACES[space] ?? space}: ${count}`);
  for (const { message, count, example, space } of problems)
    lines.push(
      `PROBLEM in ${SPACES[space] ?? space}: ${count} ${message}, such as ${escapeControls(example)}`,
    );
  if (sound) lines.push('sound');
  else if (repair !== undefined) lines.push(repair.message);
  else if (!wantsRepair)
    lines.push('`store verify --repair` mends it; a node that runs sees to damage by itself, too.');
  return `${lines.join('\n')}\n`;
}

const SPACES: Readonly<Record<string, string>> = {
  meta: 'node records',
  entry: 'entries, tombstones included',
  largeValue: 'large values',
  segment: 'index segments',
  singleDot: 'single index records',
  due: 'due records',
  row: 'actors',
  cloud: 'cloud dots',
  session: 'sessions',
  progress: 'session cursors',
  unknown: 'unknown records',
};
