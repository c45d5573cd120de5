/** A process of a benchmark: answers questions of its parent until that lets go of it, or is gone. */

import { type Answer, close, commands, type Question } from './commands.ts';

process.on('message', (message) => {
  void answer(message as Question).then((answered) => process.send?.(answered));
});

process.once('disconnect', () => {
  void close().finally(() => process.exit());
});

// Ctrl-C reaches the parent, which ends its processes in order.
process.on('SIGINT', () => {});

async function answer({ id, command, args }: Question): Promise<Answer> {
  try {
    const run = commands[command] as (...args: readonly unknown[]) => unknown;
    return { id, result: await run(...args) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
