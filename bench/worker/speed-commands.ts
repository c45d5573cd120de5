/** Speed of a store of Boato, or of classic-level, under a workload. */

import { setTimeout as pause } from 'node:timers/promises';
import { openStore, type Store, type StoreOptions } from 'boato';
import { ClassicLevel } from 'classic-level';
import { keyAt, type SetName, valueAt } from '../harness/records.ts';
import { loopCommands } from './loop-commands.ts';
import { opened as openedNode } from './node-commands.ts';
import { type Raw, rawSubject, storeSubject, type Subject } from './subject.ts';
import { makeReady, OPERATIONS_A_BATCH, type Run, type Workload } from './workload.ts';

const BATCHES_AT_ONCE = 4;

/** A process that uses less than this share of a core has nothing left to do. */
const IDLE_SHARE = 0.05;
const LOOK_EVERY_MS = 100;
const SETTLE_MAX_MS = 60_000;

let store: Store | undefined;
let raw: Raw | undefined;
let ready: Run | undefined;

export interface Timed {
  readonly ms: number;
  readonly longestLoopDelayMs: number;
}

export const speedCommands = {
  /** Resolves to how long it took. */
  async openSpeedStore(options: StoreOptions): Promise<number> {
    const startedAt = performance.now();
    store = await openStore(options);
    return performance.now() - startedAt;
  },

  async openSpeedRaw(path: string): Promise<number> {
    const startedAt = performance.now();
    const db: Raw = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await db.open();
    raw = db;
    return performance.now() - startedAt;
  },

  /** Puts the first `count` records of the set, not synced where that is a choice. */
  async fillSubject(set: SetName, count: number): Promise<void> {
    const target = subject(false);
    let next = 0;
    const write = async (): Promise<void> => {
      while (next < count) {
        const from = next;
        next += OPERATIONS_A_BATCH;
        await target.batch(
          Array.from({ length: Math.min(OPERATIONS_A_BATCH, count - from) }, (_, at) => ({
            type: 'put' as const,
            key: keyAt(set, from + at),
            value: valueAt(from + at),
          })),
        );
      }
    };
    await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, write));
  },

  async compactSubject(): Promise<void> {
    await store?.compact();
    await raw?.compactRange('', '\u{10ffff}');
  },

  prepare(workload: Workload): void {
    ready = makeReady(workload);
  },

  /** What was prepared. `sync` is for classic-level; a store was opened with it or without. */
  async run(sync: boolean): Promise<Timed> {
    if (ready === undefined) throw new Error('nothing is prepared');
    const target = subject(sync);
    loopCommands.startLoopDelay();
    const startedAt = performance.now();
    await ready(target);
    const ms = performance.now() - startedAt;
    ready = undefined;
    return { ms, longestLoopDelayMs: loopCommands.longestLoopDelayMs() };
  },

  /** Resolves when this process, compactions included, has nothing to do any more. */
  async settle(): Promise<void> {
    const untilMs = performance.now() + SETTLE_MAX_MS;
    while (performance.now() < untilMs) {
      const before = process.cpuUsage();
      await pause(LOOK_EVERY_MS);
      const { user, system } = process.cpuUsage(before);
      if (user + system < IDLE_SHARE * LOOK_EVERY_MS * 1000) return;
    }
  },

  closeSpeed,
};

export async function closeSpeed(): Promise<void> {
  await store?.close();
  await raw?.close();
  store = undefined;
  raw = undefined;
}

/** What is open: a store, classic-level, or a node. */
function subject(sync: boolean): Subject {
  if (store !== undefined) return storeSubject(store);
  return raw === undefined ? storeSubject(openedNode()) : rawSubject(raw, sync);
}
