/** The routes about members, on a node that does as it is told. */

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import type { Member } from '../../src/node/api.ts';
import { fakeServer, localFake } from './serve-fake.ts';

const MEMBER: Member = {
  nodeId: 'b',
  isSelf: false,
  status: 'up',
  statusAgoMs: 5,
  address: 'b:7000',
  incarnation: 1,
  version: '0.1.0',
  protocolVersion: 2,
  metadata: '',
};

describe('the members', () => {
  test('are listed as the node tells them', async () => {
    const { node, ask } = fakeServer();
    node.knownMembers = [MEMBER];
    expect(await ask('GET', '/v1/members')).toMatchObject({ status: 200, body: { members: [MEMBER] } });
  });

  test('are followed: all of them first, then each that changes, until the server stops', async () => {
    const { node, server, open } = await localFake();
    node.knownMembers = [MEMBER];
    const outgoing = open('GET', '/v1/members/changes');
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    await once(response, 'data');
    node.emit('member:suspect', { ...MEMBER, status: 'suspect' });
    node.emit('member:down', { ...MEMBER, status: 'down' });
    while (!text.includes('event: down')) await once(response, 'data');
    const ended = once(response, 'end');
    await server.close();
    await ended;
    const data = (status: Member['status']): string => JSON.stringify({ ...MEMBER, status });
    expect(text).toBe(
      `event: members\ndata: [${data('up')}]\n\nevent: suspect\ndata: ${data('suspect')}\n\nevent: down\ndata: ${data('down')}\n\n`,
    );
  });

  test('are not followed any more by a reader that lets too many changes wait', async () => {
    const { node, open } = await localFake();
    // More than the sockets hold of an answer that nobody reads.
    node.knownMembers = Array.from({ length: 20_000 }, () => ({ ...MEMBER, metadata: 'x'.repeat(512) }));
    const outgoing = open('GET', '/v1/members/changes');
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    for (let number = 0; number <= 10_000; number++) node.emit('member:down', MEMBER);
    response.resume();
    await expect(once(response, 'end')).rejects.toThrow('aborted');
  });

  test('are not told where the node runs without membership', async () => {
    const { node, ask } = fakeServer();
    node.memberError = new BoatoError('MEMBERSHIP_OFF', 'There are none.');
    for (const path of ['/v1/members', '/v1/members/changes'])
      expect(await ask('GET', path)).toMatchObject({ status: 409, body: { code: 'MEMBERSHIP_OFF' } });
  });
});

describe('joining, leaving and forgetting', () => {
  test('are passed on to the node', async () => {
    const { node, ask } = fakeServer();
    node.joined = { reached: ['a:1'], unreached: [] };
    const addresses = ['a:1'];
    expect(await ask('POST', '/v1/join', { addresses, timeoutMs: 7 })).toMatchObject({
      status: 200,
      body: node.joined,
    });
    expect(await ask('POST', '/v1/leave', {})).toMatchObject({ status: 200, body: {} });
    expect(await ask('POST', '/v1/forget', { nodeId: 'b' })).toMatchObject({
      status: 200,
      body: { runs: 0 },
    });
    expect(await ask('POST', '/v1/forget', { nodeId: 'c', forEver: true })).toMatchObject({
      status: 200,
      body: { runs: 3 },
    });
    expect(node.memberCalls).toEqual([
      ['join', addresses, { timeoutMs: 7 }],
      ['leave', {}],
      ['forget', 'b', { forEver: false }],
      ['forget', 'c', { forEver: true }],
    ]);
  });

  test.each([
    ['/v1/join', {}, 'The field "addresses" must be a list of host:port.'],
    ['/v1/join', { addresses: 'a:1' }, 'The field "addresses" must be a list of host:port.'],
    ['/v1/join', { addresses: [], timeoutMs: 0 }, 'The field "timeoutMs" must be a whole number from 1.'],
    ['/v1/leave', { at: 'once' }, 'The field "at" is unknown.'],
    ['/v1/forget', {}, 'The field "nodeId" must be the name of a member.'],
    ['/v1/forget', { nodeId: 5 }, 'The field "nodeId" must be the name of a member.'],
    ['/v1/forget', { nodeId: 'b', forEver: 'yes' }, 'The field "forEver" must be true or false.'],
  ])('are refused where a field is wrong: %s %j', async (path, body, message) => {
    const { node, ask } = fakeServer();
    expect(await ask('POST', path, body)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_OPTION', message },
    });
    expect(node.memberCalls).toEqual([]);
  });

  test.each(['MEMBER_LIVE', 'MEMBER_UNKNOWN', 'MEMBER_UNSETTLED'] as const)(
    'fail with 409 %s',
    async (code) => {
      const { node, ask } = fakeServer();
      node.memberError = new BoatoError(code, 'No.');
      expect(await ask('POST', '/v1/forget', { nodeId: 'b' })).toMatchObject({
        status: 409,
        body: { code, message: 'No.' },
      });
    },
  );
});
