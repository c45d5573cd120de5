/** An answer of server-sent events, each as soon as its reader takes it. */

import type { FastifyReply } from 'fastify';

/** Proxies and clients close what is silent for half a minute or more. */
const KEEP_ALIVE_MS = 15_000;

/** Whoever takes nothing for so long is cut off, and comes back with its last token: what it does not read is kept for it. */
const STUCK_MS_MAX = 60_000;

export interface ServerSentEvent {
  readonly event?: string;
  readonly id?: string | undefined;
  /** One line. */
  readonly data: string;
}

/** Owns the reply: fastify sends nothing any more. */
export class EventReply {
  readonly #response: FastifyReply['raw'];
  readonly #token: () => string | undefined;
  #lastId: string | undefined;
  #isSilent = true;

  /** `token`: where to go on as of now, for those who were told nothing for long. */
  constructor(reply: FastifyReply, token: () => string | undefined) {
    this.#token = token;
    reply.hijack();
    this.#response = reply.raw;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Nothing follows: a client that keeps it would keep a server that stops, too.
      connection: 'close',
    });
    this.#response.flushHeaders();
    const timer = setInterval(() => this.#keepAlive(), KEEP_ALIVE_MS);
    timer.unref();
    this.#response.once('close', () => clearInterval(timer));
  }

  /** Resolves when more can be taken, or the client is gone. */
  async send({ event, id, data }: ServerSentEvent): Promise<void> {
    const lines = [...(event === undefined ? [] : [`event: ${event}`]), ...this.#idLine(id), `data: ${data}`];
    this.#isSilent = false;
    if (this.#response.destroyed || this.#response.write(`${lines.join('\n')}\n\n`)) return;
    await new Promise<void>((resolve) => {
      const stuck = setTimeout(() => this.#response.destroy(), STUCK_MS_MAX);
      const done = (): void => {
        clearTimeout(stuck);
        this.#response.off('drain', done).off('close', done);
        resolve();
      };
      this.#response.on('drain', done).on('close', done);
    });
  }

  end(): void {
    if (!this.#response.destroyed) this.#response.end();
  }

  /** An event without data is no event, but its id counts. */
  #keepAlive(): void {
    const isFull = this.#response.writableNeedDrain || this.#response.writableEnded;
    const wasSilent = this.#isSilent;
    this.#isSilent = true;
    if (!wasSilent || isFull || this.#response.destroyed) return;
    this.#response.write([':', ...this.#idLine(this.#token()), '', ''].join('\n'));
  }

  #idLine(id: string | undefined): string[] {
    if (id === undefined || id === this.#lastId) return [];
    this.#lastId = id;
    return [`id: ${id}`];
  }
}
