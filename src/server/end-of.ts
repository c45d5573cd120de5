/** When nobody waits for an answer any more. */

import type { FastifyReply } from 'fastify';

/** Fires when the client goes away, or the server stops. */
export function endOf(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}
