/** Runs a process under `strace`, and loses power at some of the moments between two of its calls. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createSeededRandom } from '../../../src/adapters/seeded-random.ts';
import { removeFolder } from '../temporary-folder.ts';
import { JournalledDisk, type Luck } from './journalled-disk.ts';
import { type FileEvent, readTrace, straceArguments } from './trace.ts';

export const LIBRARY: string = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href;

// It may be there and not be permitted to trace.
export const canTrace: boolean = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
export const untraced: string = canTrace ? '' : ' (NOT TESTED HERE: strace is missing, or may not trace)';
if (!canTrace) process.stderr.write('SKIPPED: strace is missing, or may not trace, so no power is lost.\n');

const LUCKS: readonly Luck[] = ['nothing more', 'anything', 'all'];

export interface Losses {
  /** Moments to try; all of them if there are not more. */
  readonly points: number;
  readonly seed: number;
  /** The first so many are tried one by one, besides. */
  readonly firstPoints?: number;
}

/** As `npm run powerloss` has it. */
export function lossesOf(points: number): Losses {
  const { POWERLOSS_POINTS, POWERLOSS_SEED } = process.env;
  return { points: Number(POWERLOSS_POINTS ?? points), seed: Number(POWERLOSS_SEED ?? 1) };
}

export interface Traced {
  readonly child: ChildProcess;
  /** What it did to `dir`; it must have ended well. */
  events(): Promise<readonly FileEvent[]>;
}

/** Node.js with `args`, whose doings in the folder `dir` are traced. */
export function startTraced(dir: string, args: readonly string[]): Traced {
  const file = `${dir}.trace`;
  const child = spawn('strace', [...straceArguments(file), process.execPath, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  child.stdout.resume();
  return {
    child,
    async events() {
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`what was traced ended with ${code}`);
      return readTrace(await readFile(file, 'utf8'), dir);
    },
  };
}

/**
 * Has `look` open what each power loss left of `dir`, in a folder of its own. `onLine` is told what the process has printed
 * before. Resolves to what failed, a sentence each.
 */
export async function losePower(
  disk: JournalledDisk,
  dir: string,
  events: readonly FileEvent[],
  { points, seed, firstPoints = 0 }: Losses,
  onLine: (line: string) => void,
  look: (left: string) => Promise<void>,
): Promise<readonly string[]> {
  const chosen = some(points, events.length, seed);
  const failures: string[] = [];
  for (const [at, event] of events.entries()) {
    disk.apply(event);
    if (event.do === 'print') onLine(event.line);
    if (at >= firstPoints && !chosen.has(at)) continue;
    const luck = LUCKS[at % LUCKS.length] as Luck;
    const left = `${dir}-${at}`;
    try {
      await disk.afterPowerLoss(left, luck, createSeededRandom(seed + at));
      await look(left);
    } catch (error) {
      const after = 'path' in event ? `${event.do} ${event.path}` : event.do;
      failures.push(`after event ${at} (${after}), of which the disk keeps ${luck}: ${String(error)}`);
    }
    await removeFolder(left);
  }
  return failures;
}

/** `count` of the numbers below `length`. */
function some(count: number, length: number, seed: number): ReadonlySet<number> {
  const random = createSeededRandom(seed);
  const numbers = Array.from({ length }, (_, at) => at);
  for (let at = 0; at < Math.min(count, length); at++) {
    const other = at + Math.floor(random.fraction() * (length - at));
    [numbers[at], numbers[other]] = [numbers[other] as number, numbers[at] as number];
  }
  return new Set(numbers.slice(0, count));
}
