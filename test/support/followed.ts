/** A command that goes on, and its lines as they come. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
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
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const line = async (): Promise<string> => {
    while (!output.includes('\n')) await once(child.stdout as NodeJS.ReadableStream, 'data');
    const end = output.indexOf('\n');
    const whole = output.slice(0, end);
    output = output.slice(end + 1);
    return whole;
  };
  return { child, line, stderr: () => errors };
}
