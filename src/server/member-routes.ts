/**
 * Who belongs to the cluster, as this node sees it.
 *
 *     GET  /v1/members           200 {members: [{nodeId, isSelf, status, address, incarnation, version, …}, …]}
 *     GET  /v1/members/changes   200 text/event-stream: first `members`, with all of them, as above; then, of each that changes,
 *                                `up`, `suspect`, `down`, `left` or `updated`, with the member
 *     POST /v1/join              200 {reached, unreached}; body {addresses, timeoutMs?}; ends early when the client goes away
 *     POST /v1/leave             200 {}; the node stops; body {timeoutMs?} or none
 *     POST /v1/forget            200 {}; body {nodeId}; 409 if it lives, or is not known
 */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Member, MemberEventName, Node } from '../node/api.ts';
import { endOf } from './end-of.ts';
import { EventReply, type ServerSentEvent } from './event-reply.ts';
import { fieldsOf, timeoutOf } from './request-fields.ts';

const EVENTS: readonly MemberEventName[] = [
  'member:up',
  'member:suspect',
  'member:down',
  'member:left',
  'member:updated',
];

/** Changes that wait for a slow reader; whoever lets more wait is cut off, and comes back to a whole list. */
const WAITING_MAX = 10_000;

export function addMemberRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.get('/v1/members', () => ({ members: node.members() }));
  app.get('/v1/members/changes', async (_request, reply) => {
    await replyMembers(reply, node, stopping);
    return reply;
  });
  app.post('/v1/join', async (request, reply) => {
    const { addresses, timeoutMs } = fieldsOf(request, ['addresses', 'timeoutMs']);
    if (!Array.isArray(addresses))
      throw new BoatoError('INVALID_OPTION', 'The field "addresses" must be a list of host:port.');
    const options = { ...timeoutOf(timeoutMs), signal: endOf(reply, stopping) };
    return node.join(addresses as readonly string[], options);
  });
  app.post('/v1/leave', async (request) => {
    const { timeoutMs } = fieldsOf(request, ['timeoutMs']);
    await node.leave(timeoutOf(timeoutMs));
    return {};
  });
  app.post('/v1/forget', async (request) => {
    const { nodeId } = fieldsOf(request, ['nodeId']);
    if (typeof nodeId !== 'string')
      throw new BoatoError('INVALID_OPTION', 'The field "nodeId" must be the name of a member.');
    await node.forget(nodeId);
    return {};
  });
}

async function replyMembers(reply: FastifyReply, node: Node, stopping: AbortSignal): Promise<void> {
  const waiting: ServerSentEvent[] = [{ event: 'members', data: JSON.stringify(node.members()) }];
  let wake = (): void => undefined;
  const listeners = EVENTS.map((name) => {
    const listener = (member: Member): void => {
      waiting.push({ event: name.slice('member:'.length), data: JSON.stringify(member) });
      wake();
    };
    return { name, listener };
  });
  for (const { name, listener } of listeners) node.on(name, listener);
  const answer = new EventReply(reply, () => undefined);
  const end = (): void => wake();
  reply.raw.once('close', end);
  stopping.addEventListener('abort', end);
  try {
    while (!stopping.aborted && !reply.raw.destroyed && waiting.length <= WAITING_MAX) {
      const next = waiting.shift();
      if (next !== undefined) await answer.send(next);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const { name, listener } of listeners) node.off(name, listener);
    stopping.removeEventListener('abort', end);
    answer.end();
  }
}
