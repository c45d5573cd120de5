/** What a terminal shows of work that has no measure of its progress: for how long it has taken, from a second on. */

import type { WriteStream } from 'node:tty';

const TICK_MS = 1000;
const CLEAR_LINE = '\r\u001B[2K';

/** `what` is being done: `counting`, say. Nothing is left of the line when `work` is over. */
export async function showingTime<Result>(
  what: string,
  work: Promise<Result>,
  terminal: Pick<WriteStream, 'isTTY' | 'write'> = process.stderr,
): Promise<Result> {
  if (!terminal.isTTY) return work;
  let seconds = 0;
  const timer = setInterval(() => {
    seconds++;
    terminal.write(`${CLEAR_LINE}${what}: ${seconds} s`);
  }, TICK_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (seconds > 0) terminal.write(CLEAR_LINE);
  }
}
