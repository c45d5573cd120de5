/** Feeds the places to `store import -` and tells how far they are. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SingleBar } from 'cli-progress';
import type { NodeProcess } from './node-process.ts';
import { STORE } from './node-process.ts';
import { lineOf, PLACES } from './places.ts';
import { say } from './telling.ts';

/** Places a piece: a progress bar moves once for each. */
const PIECE = 500;

const CLEAR_LINE = '\r\u001B[2K';

/** How much was handed over, from 0 to 1, and how to say something beside the progress bar. */
export type OnFraction = (fraction: number, tell: (line: string) => void) => void;

/** Resolves when all is on disk. */
export async function importPlaces(node: NodeProcess, onFraction: OnFraction): Promise<void> {
  const child = spawn(process.execPath, [STORE, 'import', '-', '--data', node.dir], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (piece: Buffer) => (errors += piece.toString('utf8')));
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const progress = createProgress();
  for (let at = 0; at < PLACES.length; at += PIECE) {
    const piece = PLACES.slice(at, at + PIECE);
    if (!child.stdin.write(piece.map(lineOf).join('')))
      await Promise.race([once(child.stdin, 'drain'), ended]);
    if (child.exitCode !== null) break;
    progress.update(at + piece.length);
    onFraction((at + piece.length) / PLACES.length, progress.tell);
  }
  child.stdin.end();
  const [code] = await ended;
  progress.stop();
  if (code !== 0) throw new Error(`the import ended with exit code ${code}: ${errors.trim()}`);
}

interface Progress {
  update(count: number): void;
  readonly tell: (line: string) => void;
  stop(): void;
}

/** A bar on a terminal, a line each tenth elsewhere. */
function createProgress(): Progress {
  if (process.stdout.isTTY) {
    const bar = new SingleBar({
      format: '  [{bar}] {percentage} %  {value}/{total} places  {eta} s left',
      barCompleteChar: '#',
      barIncompleteChar: '-',
      barsize: 24,
      hideCursor: true,
      stream: process.stdout,
    });
    bar.start(PLACES.length, 0);
    // The signal stops the bar; what is handed over until the import ends must not draw it again.
    let isOver = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isOver = true));
    return {
      update(count) {
        if (!isOver) bar.update(count);
      },
      tell: (line) => say(`${CLEAR_LINE}${line}`),
      stop() {
        if (!isOver) bar.stop();
      },
    };
  }
  let told = 0;
  return {
    update(count) {
      const tenth = Math.floor((count / PLACES.length) * 10);
      if (tenth > told) console.log(`  ${tenth * 10} % handed to A`);
      told = tenth;
    },
    tell: say,
    stop() {},
  };
}
