/**
 * Routes about the node itself.
 *
 *     GET  /v1/status     200, the node's status: peers, sessions, counts, versions, warnings
 *     POST /v1/sync       200 {peers, inSync, entriesReceived, bytesReceived, bytesSent}; body {wait?, timeoutMs?} or none;
 *                         ends early when the client goes away
 *     POST /v1/collect    200 {collected, kept}
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Node, SyncOptions } from '../node/api.ts';

export function addNodeRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.get('/v1/status', () => node.status());
  app.post('/v1/collect', () => node.collect());
  app.post('/v1/sync', async (request, reply) => {
    const options = syncOptions(request);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return node.sync({ ...options, signal: AbortSignal.any([gone.signal, stopping]) });
  });
}

function syncOptions(request: FastifyRequest): SyncOptions {
  const body = request.body ?? {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new BoatoError('INVALID_OPTION', 'The body must be a JSON object.');
  }
  const { wait = false, timeoutMs, ...others } = body as Record<string, unknown>;
  const other = Object.keys(others)[0];
  if (other !== undefined)
    throw new BoatoError('INVALID_OPTION', `The field ${JSON.stringify(other)} is unknown.`);
  if (typeof wait !== 'boolean')
    throw new BoatoError('INVALID_OPTION', 'The field "wait" must be true or false.');
  if (timeoutMs === undefined) return { wait };
  if (typeof timeoutMs === 'number' && Number.isSafeInteger(timeoutMs) && timeoutMs > 0)
    return { wait, timeoutMs };
  throw new BoatoError('INVALID_OPTION', 'The field "timeoutMs" must be a whole number from 1.');
}
