/**
 * While a request is worked on, its client hears once a second that this process is alive: an interim answer (102, RFC
 * 2518), which every HTTP client passes over that does not look for it. So a busy node is not taken for a stopped one.
 */

import type { FastifyInstance } from 'fastify';

export const SIGN_OF_LIFE_MS = 1000;

/** Streams have their own signs once they have begun. */
export function addSignsOfLife(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    const { raw } = reply;
    const timer = setInterval(() => {
      if (!raw.headersSent && !raw.destroyed) raw.writeProcessing();
    }, SIGN_OF_LIFE_MS);
    timer.unref();
    raw.once('close', () => clearInterval(timer));
    done();
  });
}
