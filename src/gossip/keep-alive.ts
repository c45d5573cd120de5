/** R5: whoever is at work for long on a session says once a second that it still is. */

import type { Clock } from '../ports/clock.ts';

const KEEP_ALIVE_MS = 1000;

export async function keepingAlive<T>(clock: Clock, tell: () => void, work: () => Promise<T>): Promise<T> {
  let cancel: () => void = () => {};
  const again = (): void => {
    cancel = clock.after(KEEP_ALIVE_MS, () => {
      tell();
      again();
    });
  };
  again();
  try {
    return await work();
  } finally {
    cancel();
  }
}
