/** System calls of a process that runs, made to fail by `strace` until it lets go. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface CallFault {
  /** Calls go well again when it resolves. */
  end(): Promise<void>;
}

/** `fault`: as `strace -e inject=` has it, such as `fdatasync:error=EIO`. `paths`: of calls on these files only. */
export async function injectFault(
  pid: number,
  fault: string,
  paths: readonly string[] = [],
): Promise<CallFault> {
  const [call = ''] = fault.split(':');
  const only = paths.flatMap((path) => ['-P', path]);
  const args = ['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${fault}`, ...only];
  const child = spawn('strace', [...args, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  const end = async (): Promise<void> => {
    child.kill('SIGINT');
    await ended;
  };
  onTestFinished(end);
  let said = '';
  for await (const piece of child.stderr as AsyncIterable<Buffer>) {
    said += piece.toString('utf8');
    if (said.includes('attached')) break;
  }
  if (!said.includes('attached')) throw new Error(`strace could not attach: ${said}`);
  child.stderr.resume();
  return { end };
}
