/** Runs the command line within the test: as `runStore`, without a process, for all that does not need one. */

import { vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { RunResult } from '../support/run-store.ts';

type Written = string | Uint8Array;

/** One at a time: standard output and standard error are those of the whole process. Standard input is not given. */
export async function runMain(args: readonly string[]): Promise<RunResult> {
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  try {
    const code = await main(['node', 'store', ...args]);
    return { code, stdout: stdout.text(), stderr: stderr.text(), stdoutBytes: stdout.bytes() };
  } finally {
    stdout.end();
    stderr.end();
  }
}

function capture(stream: NodeJS.WriteStream): {
  text: () => string;
  bytes: () => Buffer;
  end: () => void;
} {
  const chunks: Buffer[] = [];
  const listeners = stream.listeners('error');
  const spy = vi.spyOn(stream, 'write').mockImplementation((chunk: Written, ...rest: unknown[]) => {
    chunks.push(Buffer.from(chunk));
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  });
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    bytes: () => Buffer.concat(chunks),
    end: () => {
      spy.mockRestore();
      for (const listener of stream.listeners('error')) {
        if (!listeners.includes(listener)) stream.off('error', listener as (error: Error) => void);
      }
    },
  };
}
