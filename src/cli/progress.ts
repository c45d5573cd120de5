/** Progress on a terminal: share, rate and remaining time; nothing where no person watches. */

import { Presets, SingleBar } from 'cli-progress';
import type { WriteStream } from 'node:tty';
import type { ImportCounts } from '../server/import-lines.ts';

export interface Progress {
  update(counts: ImportCounts): void;
  /** A line beside the bar. */
  say(line: string): void;
  stop(): void;
}

const CLEAR_LINE = '\r\u001B[2K';

/** `totalBytes` is unknown for a pipe: there is no share and no remaining time then. */
export function createProgress(terminal: WriteStream, totalBytes: number | undefined): Progress {
  if (!terminal.isTTY) {
    return { update() {}, stop() {}, say: (line) => void terminal.write(`${line}\n`) };
  }
  const known = totalBytes === undefined ? '' : '{bar} {percentage}% | {remaining} left | ';
  const bar = new SingleBar(
    // Its own way to end with the process would hold up, or repeat, a signal.
    { stream: terminal, format: `${known}{entries} entries | {rate}/s`, gracefulExit: false },
    Presets.shades_classic,
  );
  const startedAt = performance.now();
  bar.start(totalBytes ?? 1, 0, { entries: 0, rate: 0, remaining: '?' });
  return {
    update({ imported, existing, invalid, bytes }) {
      const seconds = Math.max((performance.now() - startedAt) / 1000, 0.001);
      const entries = imported + existing + invalid;
      const left = bytes === 0 ? '?' : duration(((totalBytes ?? bytes) - bytes) * (seconds / bytes));
      bar.update(totalBytes === undefined ? 0 : bytes, {
        entries,
        rate: Math.round(entries / seconds),
        remaining: left,
      });
    },
    say: (line) => void terminal.write(`${CLEAR_LINE}${line}\n`),
    stop: () => bar.stop(),
  };
}

/** What takes at most so long shows nothing. */
const PATIENCE_MS = 1000;

export interface LateProgress {
  /** How much is done; the first call after a second begins to show it. */
  update(done: number): void;
  stop(): void;
}

/** `show`: an amount in words, such as `1.5 MB`. `total` may be unknown, as that of a pipe. */
export function createLateProgress(
  terminal: WriteStream,
  total: number | undefined,
  show: (amount: number) => string,
): LateProgress {
  if (!terminal.isTTY) return { update() {}, stop() {} };
  const known = total === undefined ? '' : '{bar} {percentage}% | {remaining} left | ';
  const format = `${known}{amount} | {rate}/s`;
  const startedAt = performance.now();
  let bar: SingleBar | undefined;
  return {
    update(done) {
      const ms = performance.now() - startedAt;
      if (ms < PATIENCE_MS) return;
      const left = done === 0 ? '?' : duration((((total ?? done) - done) * ms) / done / 1000);
      const shown = { amount: show(done), rate: show(Math.round((done * 1000) / ms)), remaining: left };
      if (bar === undefined) {
        bar = new SingleBar({ stream: terminal, format, gracefulExit: false }, Presets.shades_classic);
        bar.start(total ?? 1, 0, shown);
      }
      bar.update(total === undefined ? 0 : done, shown);
    },
    stop: () => bar?.stop(),
  };
}

/** `source`, while `progress` shows how much of it has passed. */
export async function* showingBytes<Piece extends Uint8Array>(
  source: AsyncIterable<Piece>,
  progress: LateProgress,
): AsyncGenerator<Piece, void, undefined> {
  let bytes = 0;
  try {
    for await (const piece of source) {
      yield piece;
      bytes += piece.length;
      progress.update(bytes);
    }
  } finally {
    progress.stop();
  }
}

/** `1:05`, minutes and seconds. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
