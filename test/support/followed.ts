/** A command that goes on, and its lines as they come. */

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { spawnStore } from './run-store.ts';

export interface Followed {
  readonly child: ChildProcess;
  /** The next line of its output. */
  readonly line: () => Promise<string>;
  readonly stderr: () => string;
}

export function spawnFollowed(args: readonly string[]): Followed {
  const child = spawnStore(args);
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the output has come to its end: ${errors}`);
    return value;
  };
  return { child, line, stderr: () => errors };
}
