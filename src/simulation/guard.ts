/**
 * Errors of a run that nobody awaits: rejections without a handler, and what is thrown where no one can catch it. In
 * production they end the process; here they end the run.
 */

import type { VirtualTime } from './virtual-time.ts';

/** Runs `work`, to whose events such errors belong meanwhile. */
export async function guarded<T>(time: VirtualTime, work: () => Promise<T>): Promise<T> {
  const fail = (error: unknown): void => time.fail(error);
  process.on('unhandledRejection', fail).on('uncaughtException', fail);
  try {
    return await work();
  } finally {
    process.off('unhandledRejection', fail).off('uncaughtException', fail);
  }
}
