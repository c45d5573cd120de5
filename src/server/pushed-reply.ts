/** An answer of what is told while it is read; what waits for a slow reader is bounded. */

import type { FastifyReply } from 'fastify';
import { EventReply, type ServerSentEvent } from './event-reply.ts';

export interface Pushed<Item> {
  readonly first: ServerSentEvent;
  /** Hears what is told, until what it returns is called. */
  readonly listen: (hear: (item: Item) => void) => () => void;
  readonly show: (item: Item) => ServerSentEvent;
  /** Items that wait for a slow reader; whoever lets more wait is cut off. */
  readonly waitingMax: number;
}

/** Resolves when the reader is gone, or the server stops. */
export async function replyPushed<Item>(
  reply: FastifyReply,
  stopping: AbortSignal,
  { first, listen, show, waitingMax }: Pushed<Item>,
): Promise<void> {
  const waiting: Item[] = [];
  let wake = (): void => undefined;
  const stopListening = listen((item) => {
    if (waiting.length < waitingMax) waiting.push(item);
    else reply.raw.destroy();
    wake();
  });
  const answer = new EventReply(reply, () => undefined);
  const end = (): void => wake();
  reply.raw.once('close', end);
  stopping.addEventListener('abort', end);
  try {
    await answer.send(first);
    while (!stopping.aborted && !reply.raw.destroyed) {
      const next = waiting.shift();
      if (next !== undefined) await answer.send(show(next));
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopListening();
    stopping.removeEventListener('abort', end);
    answer.end();
  }
}
