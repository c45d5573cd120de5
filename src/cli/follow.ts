/** Reads on what a running node tells, until Ctrl-C. */

import type { Run } from './base-command.ts';
import { failure } from './cli-error.ts';
import { catchSignals, exitCodeOfSignal } from './signals.ts';

/** `ended`: the sentence where the node ended it. */
export async function follow<Item>(
  items: AsyncGenerator<Item, undefined, undefined>,
  run: Run,
  ended: string,
  show: (item: Item) => Promise<void>,
): Promise<void> {
  let stop: () => void = () => {};
  const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
  const letGo = catchSignals((signal) => {
    run.exitCode = exitCodeOfSignal(signal);
    stop();
  });
  try {
    for (;;) {
      const next = items.next();
      // Closing the connection fails what nobody waits for any more.
      next.catch(() => undefined);
      const result = await Promise.race([next, stopped]);
      if (result === undefined) return;
      if (result.done === true) throw failure(ended);
      await show(result.value);
    }
  } finally {
    letGo();
  }
}
