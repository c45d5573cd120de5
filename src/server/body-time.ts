/**
 * A body must come within a minute, as headers must: a client that trickles one holds what came of it. Node's own limit is
 * one for all requests, and an import takes as long as its source does.
 */

import type { FastifyInstance } from 'fastify';
import { answerUnreadable } from './unreadable-request.ts';

export const BODY_TIME_MS = 60_000;

/** `mayLast`: whether the body of a route is a stream. */
export function limitBodyTime(app: FastifyInstance, mayLast: (url: string | undefined) => boolean): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (!mayLast(request.routeOptions.url)) {
      const timer = setTimeout(() => {
        // An empty body, which nobody reads, has no end.
        if (request.raw.complete) return;
        const late = Object.assign(new Error('The body is late.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
        answerUnreadable(late, request.raw.socket);
      }, BODY_TIME_MS);
      timer.unref();
      for (const event of ['end', 'close']) payload.once(event, () => clearTimeout(timer));
    }
    done(null, payload);
  });
}
