/**
 * How long a point read waits in this process, and how much memory it has, while something else goes on in it.
 *
 * Reads are due every few milliseconds; their delay counts from the moment they were due, so that a blocked event loop
 * is not taken for a time without reads.
 */

import { readFileSync } from 'node:fs';
import { keyAt, randomBelow, type SetName } from '../harness/records.ts';
import { quantile } from '../harness/statistics.ts';
import { opened } from './node-commands.ts';

const READ_EVERY_MS = 2;
const LOOK_AT_MEMORY_EVERY_MS = 50;

export interface ReadDelays {
  readonly reads: number;
  readonly longestMs: number;
  readonly p99Ms: number;
  /** Of the timer alone, whose reads these are: the event loop. */
  readonly longestTimerMs: number;
}

export interface Memory {
  readonly startBytes: number;
  readonly peakBytes: number;
  readonly endBytes: number;
  /** The same without the pages of files: LevelDB maps its tables, which the system takes back when it needs to. */
  readonly ownStartBytes: number;
  readonly ownPeakBytes: number;
  readonly ownEndBytes: number;
}

let stopReading: (() => Promise<ReadDelays>) | undefined;
let memoryTimer: NodeJS.Timeout | undefined;
let startBytes = 0;
let peakBytes = 0;
let ownStartBytes = 0;
let ownPeakBytes = 0;

export const probeCommands = {
  /** Reads random ones of the first `records` of the set. */
  startReads(set: SetName, records: number): void {
    const node = opened();
    const random = randomBelow(1, records);
    const delays: number[] = [];
    let longestTimerMs = 0;
    let dueMs = performance.now() + READ_EVERY_MS;
    let timer: NodeJS.Timeout | undefined;
    const underWay = new Set<Promise<void>>();
    const read = async (sinceMs: number): Promise<void> => {
      const value = await node.get(keyAt(set, random()));
      delays.push(performance.now() - sinceMs);
      if (value === undefined) throw new Error('a record is missing');
    };
    const tick = (): void => {
      const nowMs = performance.now();
      longestTimerMs = Math.max(longestTimerMs, nowMs - dueMs);
      // Of the reads that a blocked loop has missed, the one that waited longest.
      const reading = read(dueMs).finally(() => underWay.delete(reading));
      underWay.add(reading);
      dueMs = Math.max(dueMs + READ_EVERY_MS, nowMs + 1);
      timer = setTimeout(tick, dueMs - nowMs);
    };
    timer = setTimeout(tick, READ_EVERY_MS);
    stopReading = async () => {
      clearTimeout(timer);
      await Promise.all(underWay);
      return {
        reads: delays.length,
        longestMs: quantile(delays, 1),
        p99Ms: quantile(delays, 0.99),
        longestTimerMs,
      };
    };
  },

  async stopReads(): Promise<ReadDelays> {
    const stop = stopReading;
    stopReading = undefined;
    if (stop === undefined) throw new Error('no reads were begun');
    return stop();
  },

  /** Resident memory, looked at from now on until `memory` is asked for. */
  startMemory(): void {
    clearInterval(memoryTimer);
    startBytes = process.memoryUsage.rss();
    ownStartBytes = ownBytes() ?? startBytes;
    peakBytes = ownPeakBytes = 0;
    lookAtMemory();
    memoryTimer = setInterval(lookAtMemory, LOOK_AT_MEMORY_EVERY_MS);
  },

  memory(): Memory {
    clearInterval(memoryTimer);
    lookAtMemory();
    const endBytes = process.memoryUsage.rss();
    const ownEndBytes = ownBytes() ?? endBytes;
    return { startBytes, peakBytes, endBytes, ownStartBytes, ownPeakBytes, ownEndBytes };
  },
};

function lookAtMemory(): void {
  const residentBytes = process.memoryUsage.rss();
  peakBytes = Math.max(peakBytes, residentBytes);
  ownPeakBytes = Math.max(ownPeakBytes, ownBytes() ?? residentBytes);
}

/** `undefined` where the system does not tell. */
function ownBytes(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const kibibytes = /^RssAnon:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

export function closeProbe(): void {
  clearInterval(memoryTimer);
  void stopReading?.();
}
