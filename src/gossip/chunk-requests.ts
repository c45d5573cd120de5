/** Asks for the chunks of a session, one after another, at most one of them ahead of when it is wanted. */

import type { Clock } from '../ports/clock.ts';
import { AskedChunk } from './asked-chunk.ts';
import type { Reply } from './messages.ts';
import type { Open } from './session-messages.ts';
import type { SessionPeer } from './session-peer.ts';

export interface ChunkRequestOptions {
  readonly clock: Clock;
  /** Else a chunk may be compressed only if the one before it came slowly, and was waited for most of that time. */
  readonly compressAlways?: boolean;
}

export class ChunkRequests {
  readonly #peer: Pick<SessionPeer, 'request'>;
  readonly #options: ChunkRequestOptions;
  #ahead: AskedChunk | undefined;
  /** The last chunk came slowly, and little else was done meanwhile. */
  #isSlow = true;

  constructor(peer: Pick<SessionPeer, 'request'>, options: ChunkRequestOptions) {
    this.#peer = peer;
    this.#options = options;
  }

  /** The first chunk comes with the reply. */
  async open(request: Omit<Open, 'request'>): Promise<Reply> {
    const asked = new AskedChunk(this.#peer.request(request), this.#options.clock);
    const reply = await asked.reply;
    if (reply.type === 'opened') this.#isSlow = asked.isSlow(reply.chunk);
    return reply;
  }

  /** That at `cursor`, which may have been asked for. */
  async next(session: string, cursor: Uint8Array): Promise<Reply> {
    const asked = this.#ahead ?? this.#ask(session, cursor);
    this.#ahead = undefined;
    const wantedAtMs = this.#options.clock.monotonicMs();
    const reply = await asked.reply;
    if (reply.type === 'next-reply') this.#isSlow = asked.isSlow(reply.chunk, wantedAtMs);
    return reply;
  }

  /** The next one is to be that at `cursor`. */
  readAhead(session: string, cursor: Uint8Array): void {
    this.#ahead = this.#ask(session, cursor);
  }

  #ask(session: string, cursor: Uint8Array): AskedChunk {
    const { clock, compressAlways = false } = this.#options;
    const compress = compressAlways || this.#isSlow;
    return new AskedChunk(this.#peer.request({ type: 'next', session, cursor, compress }), clock);
  }
}
