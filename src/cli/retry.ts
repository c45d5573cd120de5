/** Tries again for a while what another process stands in the way of. */

import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  readonly limitMs: number;
  /** Longest pause between two tries; each is a random part of it, so that those who wait do not wake together. */
  readonly pauseMs: number;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}

export const LOCK_PATIENCE: Patience = {
  limitMs: 2000,
  pauseMs: 60,
  nowMs: () => performance.now(),
  pause: (ms) => delay(ms),
};

/** The result of `attempt`, which is repeated while it fails with what `isPassing` says will pass. */
export async function retry<Result>(
  attempt: () => Promise<Result>,
  isPassing: (error: unknown) => boolean,
  { limitMs, pauseMs, nowMs, pause }: Patience,
): Promise<Result> {
  const untilMs = nowMs() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || nowMs() >= untilMs) throw error;
      await pause(pauseMs * (0.5 + Math.random() / 2));
    }
  }
}
