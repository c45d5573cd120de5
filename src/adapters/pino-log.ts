/** Logs as lines of JSON, through `pino`. */

import { destination as openDestination, type DestinationStream, pino } from 'pino';
import type { Log } from '../ports/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Written at once, so that the last line before a crash is there; to standard error unless told otherwise. */
export function createLog(options: {
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
}): Log {
  const stderr = 2;
  const stream = options.destination ?? openDestination({ dest: stderr, sync: true });
  return pino(
    { level: options.level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    stream,
  );
}
