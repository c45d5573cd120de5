/**
 * Messages that are told, and not stored.
 *
 *     POST /v1/events/NAME    200 {}; body {payload?, type?} or none; 429 TOO_MANY_EVENTS
 *     GET  /v1/events         200 text/event-stream; first `begun`: what is told from now on comes
 *
 *     data: {name, nodeId, payload, type}
 *
 * A reader that lets too many wait is cut off. A comment is sent where there was nothing else for 15 s.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Node, UserEvent, Value } from '../node/api.ts';
import { shownEvent } from './event-format.ts';
import { replyPushed } from './pushed-reply.ts';
import { fieldsOf } from './request-fields.ts';
import { valueFromJson } from './value-json.ts';

const PATH_PREFIX = '/v1/events/';

/** For one reader: some 8 MiB at most. */
const WAITING_MAX = 1000;

export function addEventRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.post(`${PATH_PREFIX}*`, async (request) => {
    await node.broadcast(nameOf(request), payloadOf(request));
    return {};
  });
  app.get('/v1/events', async (_request, reply) => {
    await replyPushed<UserEvent>(reply, stopping, {
      first: { event: 'begun', data: '{}' },
      listen: (hear) => {
        node.on('event', hear);
        return () => void node.off('event', hear);
      },
      show: (event) => ({ data: JSON.stringify(shownEvent(event)) }),
      waitingMax: WAITING_MAX,
    });
    return reply;
  });
}

function nameOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split('?', 1);
  try {
    return decodeURIComponent(path.slice(PATH_PREFIX.length));
  } catch (cause) {
    const message = 'The name in the address is not percent-encoded UTF-8.';
    throw new BoatoError('INVALID_OPTION', message, { cause });
  }
}

function payloadOf(request: FastifyRequest): Value {
  const { payload = null, type } = fieldsOf(request, ['payload', 'type']);
  return valueFromJson(payload, type);
}
