/** An answer that goes out line by line, as fast as its reader takes it. */

import type { FastifyReply } from 'fastify';
import { SIGN_OF_LIFE_MS } from './signs-of-life.ts';
import { errorAnswer } from './http-errors.ts';

/** Text that is gathered before it goes out: a system call for each line would cost more than the line. */
const CHUNK_CHARACTERS = 2 ** 16;

/** An answer that has nothing to say for so long sends a blank line, which readers of lines pass over. */
const SILENCE_MS_MAX = 5 * SIGN_OF_LIFE_MS;

export const LINES_TYPE = 'application/x-ndjson; charset=utf-8';

/** Owns the reply: fastify sends nothing any more. */
export class LineReply {
  readonly #response: FastifyReply['raw'];
  #gathered = '';
  #silentMs = 0;

  constructor(reply: FastifyReply) {
    reply.hijack();
    this.#response = reply.raw;
    this.#response.writeHead(200, { 'content-type': LINES_TYPE });
    this.#response.flushHeaders();
    const timer = setInterval(() => this.#showLife(), SIGN_OF_LIFE_MS);
    timer.unref();
    this.#response.once('close', () => clearInterval(timer));
  }

  /** Whether the client is gone: what is written from then on reaches nobody. */
  get closed(): boolean {
    return this.#response.destroyed;
  }

  /** Resolves when more can be taken, or the client is gone. */
  async add(line: string): Promise<void> {
    this.#gathered += line;
    if (this.#gathered.length >= CHUNK_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    const chunk = this.#gathered;
    this.#gathered = '';
    this.#silentMs = 0;
    if (chunk === '' || this.closed || this.#response.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off('drain', done).off('close', done);
        resolve();
      };
      this.#response.on('drain', done).on('close', done);
    });
  }

  /** So that its client does not take a node that searches long for its next line for one that was stopped. */
  #showLife(): void {
    this.#silentMs += SIGN_OF_LIFE_MS;
    const isFull = this.#response.writableNeedDrain || this.#response.writableEnded;
    if (this.#silentMs < SILENCE_MS_MAX || isFull || this.closed) return;
    if (this.#gathered === '') this.#gathered = '\n';
    void this.flush();
  }

  end(): void {
    if (!this.closed) this.#response.end(this.#gathered);
  }

  /**
   * Adds a last line `{"error": {code, message}}` and breaks the connection off: a stream that failed half-way must not
   * look complete to a client that knows nothing of that line.
   */
  fail(error: unknown): void {
    if (this.closed) return;
    const line = `${JSON.stringify({ error: errorAnswer(error).body })}\n`;
    this.#response.write(this.#gathered + line, () => this.#response.destroy());
  }
}

/**
 * Answers with `lines`. An error before the first one is thrown, so that it becomes a plain error answer. `lines` is
 * closed when the client goes away or `stopping` fires.
 */
export async function replyLines(
  reply: FastifyReply,
  lines: AsyncIterableIterator<string>,
  stopping: AbortSignal,
): Promise<void> {
  let next = await lines.next();
  const answer = new LineReply(reply);
  try {
    while (next.done !== true && !answer.closed) {
      stopping.throwIfAborted();
      await answer.add(next.value);
      if (answer.closed) break;
      next = await lines.next();
    }
    answer.end();
  } catch (error) {
    answer.fail(error);
  } finally {
    await lines.return?.();
  }
}
