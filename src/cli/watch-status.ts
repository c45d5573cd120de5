/** `store status --watch`: redraws the status on a terminal, and prints a line each time for everybody else. */

import { setTimeout as pause } from 'node:timers/promises';
import type { NodeStatus } from '../node/api.ts';
import { withStore } from './connect.ts';
import { lookOf } from './look.ts';
import type { Output } from './output.ts';
import { stateOf, stateText } from './state-line.ts';
import { statusText } from './status-text.ts';

const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/** For good, or until no node runs in `dir` any more, which is a failure. */
export async function watchStatus(
  dir: string,
  intervalMs: number,
  json: boolean,
  out: Output,
): Promise<never> {
  const isDrawn = process.stdout.isTTY && !json;
  for (let isFirst = true; ; isFirst = false) {
    const { status, running } = await withStore(dir, 'running', async (store) => {
      // Of a node, since one runs.
      return { status: (await store.status()) as NodeStatus, running: store.running };
    });
    if (isDrawn) {
      const text = statusText(status, running, lookOf(process.stdout));
      await out.write(`${isFirst ? HOME + CLEAR_BELOW : ''}${frame(text, process.stdout.rows)}`);
    } else if (json) await out.json(status);
    else await out.line(`${new Date().toISOString()} ${stateText(await stateOf(status))}`);
    await pause(intervalMs);
  }
}

/** Drawn over what is there, without a flicker; what does not fit below is left out. */
function frame(text: string, rows: number): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .slice(0, Math.max(1, rows - 1));
  return `${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}
