/** After everything was healed: all agree within some rounds, have kept what was promised, and told it to those who watch. */

import type { Scene } from '../scene.ts';
import { BrokenPromise } from './broken-promise.ts';

/** A client may have to wait for what only it was told (10 s), and to read everything again. */
const WATCH_WITHIN_MS = 60_000;

/** After how long all agreed. Throws `BrokenPromise`. */
export async function checkAtEnd({ world, checker, watchClients }: Scene, withinMs: number): Promise<number> {
  const agreedAfterMs = await world.until(() => world.agree(), 100, withinMs);
  if (agreedAfterMs === undefined)
    throw new BrokenPromise('P3', `the nodes do not agree after ${withinMs} ms`, { atMs: world.time.nowMs });
  await checker.atEnd();
  await world.until(
    () => {
      for (const client of watchClients) client.tend();
      return watchClients.every((client) => checker.isUpToDate(client));
    },
    100,
    WATCH_WITHIN_MS,
  );
  for (const client of watchClients) {
    if (checker.isUpToDate(client)) continue;
    throw new BrokenPromise('P3', `${client.name} does not end at what its node shows`, {
      machine: client.machine?.name,
      atMs: world.time.nowMs,
    });
  }
  return agreedAfterMs;
}
