import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { ChunkRequests } from '../../src/gossip/chunk-requests.ts';
import type { Reply } from '../../src/gossip/messages.ts';

const CURSOR = Uint8Array.of(1);
const CHUNK_BYTES = 262_144;
/** So many of a chunk of that size are 8 MiB a second. */
const FAST_MS = 31.25;

/** Whether compression is asked for after a chunk that took `tookMs`, and was wanted `wantedAfterMs` after it was asked for. */
async function compressesAfter(tookMs: number, wantedAfterMs: number): Promise<boolean> {
  const clock = new SimulatedClock();
  const compress: boolean[] = [];
  const arrive: (() => void)[] = [];
  const requests = new ChunkRequests(
    {
      request: (request) => {
        if ('compress' in request) compress.push(request.compress);
        const chunk = { entries: new Uint8Array(CHUNK_BYTES), plainBytes: 0, cursor: CURSOR, last: false };
        const reply: Reply = { type: 'next-reply', request: 0, chunk };
        return new Promise((resolve) => arrive.push(() => resolve(reply)));
      },
    },
    { clock },
  );
  requests.readAhead('s', CURSOR);
  await clock.advance(wantedAfterMs);
  const wanted = requests.next('s', CURSOR);
  await clock.advance(tookMs - wantedAfterMs);
  arrive[0]?.();
  await wanted;
  requests.readAhead('s', CURSOR);
  return compress[1] as boolean;
}

describe('compression is asked for', () => {
  test('after a chunk that was waited for at least half of its way', async () => {
    expect(await compressesAfter(100, 50)).toBe(true);
    expect(await compressesAfter(100, 51)).toBe(false);
  });

  test('after one that came at less than 8 MiB a second', async () => {
    expect(await compressesAfter(FAST_MS + 1, 0)).toBe(true);
    expect(await compressesAfter(FAST_MS, 0)).toBe(false);
  });
});
