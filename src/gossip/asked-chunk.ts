/** A chunk on its way to the puller: whether it came so slowly that the next one had better be compressed. */

import type { Clock } from '../ports/clock.ts';
import type { Reply } from './messages.ts';
import type { Chunk } from './session-messages.ts';

/**
 * Of what is in a chunk: to compress 256 KiB takes both ends together 4 ms (Brotli at quality 1) and halves them at best,
 * which gains nothing where they come in 16 ms or less: 16 MiB/s, as on a link of 128 Mbit/s.
 */
const FAST_BYTES_PER_MS = (16 * 2 ** 20) / 1000;

export class AskedChunk {
  readonly reply: Promise<Reply>;
  readonly #askedAtMs: number;
  #tookMs: number | undefined;

  /** `reply` was asked for just now. Its failure is for whoever awaits it. */
  constructor(reply: Promise<Reply>, clock: Clock) {
    this.reply = reply;
    this.#askedAtMs = clock.monotonicMs();
    // Looked at in its turn; until then a failure must not count as unhandled.
    reply.then(
      () => (this.#tookMs = clock.monotonicMs() - this.#askedAtMs),
      () => undefined,
    );
  }

  get isHere(): boolean {
    return this.#tookMs !== undefined;
  }

  /** `chunk`: what the reply brought. */
  isSlow({ entries, plainBytes }: Chunk): boolean {
    return Math.max(entries.length, plainBytes) < FAST_BYTES_PER_MS * (this.#tookMs ?? 0);
  }
}
