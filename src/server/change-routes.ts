/**
 * What changes, as server-sent events (HTML Living Standard, 9.2).
 *
 *     GET /v1/changes?prefix=&since=    200 text/event-stream; a token, as `Last-Event-ID` or `since`; 410 CHANGES_GONE
 *
 *     event: begun                      first: what is read from now on misses nothing that the events do not tell
 *     id: TOKEN
 *     data: {}
 *
 *     id: TOKEN                         where a new token holds
 *     data: {op, key, value?, type?, expiresAt?, version, actor, origin, peer?}
 *
 *     event: failed                     last: `CHANGES_GONE`, or why the node cannot go on
 *     data: {code, message}
 *
 * A comment is sent where there was nothing else for 15 s, with the token as of then.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Changes, Node } from '../node/api.ts';
import { shownChange } from './change-format.ts';
import { EventReply } from './event-reply.ts';
import { errorAnswer } from './http-errors.ts';
import { Query } from './query.ts';

export function addChangeRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.get('/v1/changes', async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const changes = watch(node, request, AbortSignal.any([gone.signal, stopping]));
    try {
      await changes.begun;
      stopping.throwIfAborted();
    } catch (error) {
      await changes.return();
      throw error;
    }
    await replyChanges(reply, changes);
    return reply;
  });
}

function watch(node: Node, request: FastifyRequest, signal: AbortSignal): Changes {
  const query = new Query(request.url, ['prefix', 'since']);
  const lastId = request.headers['last-event-id'];
  const since = (typeof lastId === 'string' && lastId !== '' ? lastId : undefined) ?? query.text('since');
  return node.watch({
    prefix: query.text('prefix') ?? '',
    signal,
    ...(since === undefined ? {} : { since }),
  });
}

async function replyChanges(reply: FastifyReply, changes: Changes): Promise<void> {
  const answer = new EventReply(reply, () => changes.token);
  try {
    await answer.send({ event: 'begun', id: changes.token, data: '{}' });
    for await (const { token, ...change } of changes)
      await answer.send({ id: token ?? changes.token, data: JSON.stringify(shownChange(change)) });
  } catch (error) {
    await answer.send({ event: 'failed', data: JSON.stringify(errorAnswer(error).body) });
  } finally {
    answer.end();
    await changes.return();
  }
}
