/**
 * Who belongs to the cluster, as this node sees it.
 *
 *     GET  /v1/members           200 {members: [{nodeId, isSelf, status, address, incarnation, version, …}, …]}
 *     GET  /v1/members/changes   200 text/event-stream: first `members`, with all of them, as above; then, of each that changes,
 *                                `up`, `suspect`, `down`, `left` or `updated`, with the member
 *     POST /v1/join              200 {reached, unreached}; body {addresses, timeoutMs?}; ends early when the client goes away
 *     POST /v1/leave             200 {}; the node stops; body {timeoutMs?} or none
 *     POST /v1/forget            200 {runs}; body {nodeId, forEver?}; 409 if it lives, is not known, or not settled
 */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Member, MemberEventName, Node } from '../node/api.ts';
import { endOf } from './end-of.ts';
import { replyPushed } from './pushed-reply.ts';
import { fieldsOf, timeoutOf } from './request-fields.ts';

const EVENTS: readonly MemberEventName[] = [
  'member:up',
  'member:suspect',
  'member:down',
  'member:left',
  'member:updated',
];

/** For one reader; who is cut off comes back to a whole list. */
const WAITING_MAX = 10_000;

interface MemberChange {
  readonly name: MemberEventName;
  readonly member: Member;
}

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
    const { nodeId, forEver = false } = fieldsOf(request, ['nodeId', 'forEver']);
    if (typeof nodeId !== 'string')
      throw new BoatoError('INVALID_OPTION', 'The field "nodeId" must be the name of a member.');
    if (typeof forEver !== 'boolean')
      throw new BoatoError('INVALID_OPTION', 'The field "forEver" must be true or false.');
    return node.forget(nodeId, { forEver });
  });
}

function replyMembers(reply: FastifyReply, node: Node, stopping: AbortSignal): Promise<void> {
  return replyPushed<MemberChange>(reply, stopping, {
    first: { event: 'members', data: JSON.stringify(node.members()) },
    listen: (hear) => {
      const listeners = EVENTS.map((name) => {
        const listener = (member: Member): void => hear({ name, member });
        node.on(name, listener);
        return { name, listener };
      });
      return () => {
        for (const { name, listener } of listeners) node.off(name, listener);
      };
    },
    show: ({ name, member }) => ({ event: name.slice('member:'.length), data: JSON.stringify(member) }),
    waitingMax: WAITING_MAX,
  });
}
