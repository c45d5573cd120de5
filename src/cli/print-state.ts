/** Prints the state of a node now and then, for who looks at its output or keeps it. */

import type { Node } from '../node/api.ts';
import type { Clock } from '../ports/clock.ts';
import { stateOf, stateText } from './state-line.ts';

export interface PrintStateOptions {
  readonly node: Pick<Node, 'status'>;
  readonly intervalMs: number;
  /** One JSON object a line. */
  readonly json: boolean;
  readonly write: (line: string) => void;
  readonly clock: Clock;
}

/** Prints after each interval, until the answer is called. */
export function printState({ node, intervalMs, json, write, clock }: PrintStateOptions): () => void {
  let isStopped = false;
  let cancelTimer = (): void => {};
  const print = async (): Promise<void> => {
    try {
      const state = await stateOf(await node.status());
      const time = new Date(clock.wallMs()).toISOString();
      if (isStopped) return;
      write(json ? JSON.stringify({ event: 'state', time, ...state }) : `${time} ${stateText(state)}`);
    } catch {
      // A node that closes, or whose folder is being moved, has no state: whoever did it knows.
    }
  };
  const wait = (): void => {
    if (!isStopped) cancelTimer = clock.after(intervalMs, () => void print().then(wait));
  };
  wait();
  return () => {
    isStopped = true;
    cancelTimer();
  };
}
