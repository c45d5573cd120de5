/**
 * Routes about the node itself.
 *
 *     GET  /v1/status     200, the node's status: peers, sessions, counts, versions, warnings
 *     GET  /v1/aggregate/NAME
 *                         200 {count, sum, average?, minimum?, maximum?}, over all nodes, after two and a half seconds
 *     POST /v1/sync       200 {peers, inSync, entriesReceived, bytesReceived, bytesSent}; body {wait?, timeoutMs?} or none;
 *                         ends early when the client goes away
 *     POST /v1/collect    200 {collected, kept}
 *     POST /v1/verify     200 {sound, records, problems, repair?}; body {repair?} or none; ends early as sync does
 *     POST /v1/clock/repair
 *                         200 {removed, rewritten, others}; body {all?} or none; 503 while the clock is in doubt
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { ClockRepairOptions, Node, SyncOptions } from '../node/api.ts';
import { endOf } from './end-of.ts';
import { fieldsOf, timeoutOf } from './request-fields.ts';

export function addNodeRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.get('/v1/status', () => node.status());
  app.get<{ Params: { name: string } }>('/v1/aggregate/:name', ({ params }) => node.aggregate(params.name));
  app.post('/v1/collect', () => node.collect());
  app.post('/v1/clock/repair', (request) => node.repairClock(repairOptions(request)));
  app.post('/v1/sync', async (request, reply) => {
    const options = syncOptions(request);
    return node.sync({ ...options, signal: endOf(reply, stopping) });
  });
  app.post('/v1/verify', async (request, reply) => {
    const { repair = false } = fieldsOf(request, ['repair']);
    if (typeof repair !== 'boolean')
      throw new BoatoError('INVALID_OPTION', 'The field "repair" must be true or false.');
    return node.verify({ repair, signal: endOf(reply, stopping) });
  });
}

function repairOptions(request: FastifyRequest): ClockRepairOptions {
  const { all = false } = fieldsOf(request, ['all']);
  if (typeof all !== 'boolean')
    throw new BoatoError('INVALID_OPTION', 'The field "all" must be true or false.');
  return { all };
}

function syncOptions(request: FastifyRequest): SyncOptions {
  const { wait = false, timeoutMs } = fieldsOf(request, ['wait', 'timeoutMs']);
  if (typeof wait !== 'boolean')
    throw new BoatoError('INVALID_OPTION', 'The field "wait" must be true or false.');
  return { wait, ...timeoutOf(timeoutMs) };
}
