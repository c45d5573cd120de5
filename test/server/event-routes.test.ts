import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { UserEvent } from '../../src/node/api.ts';
import { fakeServer, localFake, readAll } from './serve-fake.ts';

describe('POST /v1/events/NAME', () => {
  it.each([
    ['/v1/events/deploy', undefined, { name: 'deploy', payload: null }],
    ['/v1/events/a/b', { payload: [1] }, { name: 'a/b', payload: [1] }],
    ['/v1/events/a%2Fb', { payload: 'AQ==', type: 'binary' }, { name: 'a/b', payload: Uint8Array.of(1) }],
  ])('tells %s %j', async (url, body, expected) => {
    const { node, ask } = fakeServer();
    const told: UserEvent[] = [];
    node.on('event', (event) => void told.push(event));
    expect(await ask('POST', url, body)).toMatchObject({ status: 200, body: {} });
    expect(told).toEqual([{ ...expected, nodeId: 'fake' }]);
  });

  it.each([
    ['/v1/events/a', { value: 1 }, 400, 'INVALID_OPTION'],
    ['/v1/events/a', [], 400, 'INVALID_OPTION'],
    ['/v1/events/a', { payload: 1, type: 'text' }, 400, 'INVALID_VALUE'],
    ['/v1/events/a?b', { payload: 1 }, 400, 'INVALID_OPTION'],
    ['/v1/events/%ff', { payload: 1 }, 400, 'INVALID_OPTION'],
    ['/v1/events/refused', { payload: 1 }, 429, 'TOO_MANY_EVENTS'],
  ])('%s %j is refused', async (url, body, status, code) => {
    const { ask } = fakeServer();
    expect(await ask('POST', url, body)).toMatchObject({ status, body: { code } });
  });
});

describe('GET /v1/events', () => {
  async function listening(): Promise<Awaited<ReturnType<typeof localFake>> & { response: IncomingMessage }> {
    const local = await localFake();
    const [response] = (await once(local.open('GET', '/v1/events').end(), 'response')) as [IncomingMessage];
    await expect.poll(() => local.node.listeners.size).toBe(1);
    return { ...local, response };
  }

  it('sends what is told as server-sent events, until the node stops', async () => {
    const { node, server, response } = await listening();
    await node.broadcast('deploy', 'v\n2');
    await node.broadcast('clear', new Date(0));
    const read = readAll(response);
    await server.close();
    expect(await read).toMatchInlineSnapshot(`
      "event: begun
      data: {}

      data: {"name":"deploy","nodeId":"fake","payload":"v\\n2","type":"text"}

      data: {"name":"clear","nodeId":"fake","payload":"1v8AAAAA","type":"msgpack"}

      "
    `);
    expect(node.listeners.size).toBe(0);
  });

  it('ends with its reader', async () => {
    const { node, response } = await listening();
    response.destroy();
    await expect.poll(() => node.listeners.size).toBe(0);
  });

  it('cuts off a reader that lets too many wait', async () => {
    const { node, response } = await listening();
    const closed = new Promise<void>((resolve) => void response.once('close', resolve));
    // It is cut off in the middle.
    response.on('error', () => undefined);
    for (let number = 0; number < 3000; number++) await node.broadcast('e', 'x'.repeat(8000));
    response.resume();
    await closed;
    await expect.poll(() => node.listeners.size).toBe(0);
  });
});
