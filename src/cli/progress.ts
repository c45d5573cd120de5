/** Progress of an import on a terminal: share, rate and remaining time; nothing where no person watches. */

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

/** `1:05`, minutes and seconds. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
