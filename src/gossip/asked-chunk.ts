/** A chunk on its way to the puller: whether it came so slowly that the next one had better be compressed. */

import type { Clock } from '../ports/clock.ts';
import type { Reply } from './messages.ts';
import type { Chunk } from './session-messages.ts';

/**
 * Of what is in a chunk: to compress 256 KiB takes both ends together 4 ms (Brotli at quality 1), halves them at best, and to
 * store them takes 10 to 20 ms meanwhile: little is gained where they come in 32 ms or less. 8 MiB/s, as on a link of
 * 64 Mbit/s.
 */
const FAST_BYTES_PER_MS = (8 * 2 ** 20) / 1000;

export class AskedChunk {
  readonly reply: Promise<Reply>;
  readonly #askedAtMs: number;
  #hereAtMs = Number.POSITIVE_INFINITY;

  /** `reply` was asked for just now. Its failure is for whoever awaits it. */
  constructor(reply: Promise<Reply>, clock: Clock) {
    this.reply = reply;
    this.#askedAtMs = clock.monotonicMs();
    // Looked at in its turn; until then a failure must not count as unhandled.
    reply.then(
      () => (this.#hereAtMs = clock.monotonicMs()),
      () => undefined,
    );
  }

  /**
   * Once it is here. `chunk`: what the reply brought. `wantedAtMs`: when there was nothing else to do but to wait for it;
   * for less than half of its way, the link is not what most of the time goes into, but the processors of both ends.
   */
  isSlow({ entries, plainBytes }: Chunk, wantedAtMs: number = this.#askedAtMs): boolean {
    const tookMs = this.#hereAtMs - this.#askedAtMs;
    const waitedMs = this.#hereAtMs - wantedAtMs;
    return waitedMs >= tookMs / 2 && Math.max(entries.length, plainBytes) < FAST_BYTES_PER_MS * tookMs;
  }
}
