import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BODY_TIME_MS } from '../../src/server/body-time.ts';
import { BODY_BYTES_MAX } from '../../src/server/http-server.ts';
import { ERROR_CODES } from '../../src/core/errors.ts';
import { fakeServer, localFake, type LocalFake, readAll } from './serve-fake.ts';

const STABLE = [...ERROR_CODES, 'NOT_FOUND', 'ROUTE_NOT_FOUND', 'BODY_TOO_LARGE'];

async function socketTo({ server }: LocalFake): Promise<Socket> {
  const socket = connect(server.socket);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What the server answers to bytes, until it hangs up. */
async function answerTo(fake: LocalFake, ...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = await socketTo(fake);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const closed = new Promise((resolve) => void socket.once('close', resolve));
  for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

function expectRefused(answer: string): { status: number; code: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (?<status>\d{3})/u.exec(head)?.groups?.['status']);
  const { code, message } = JSON.parse(body) as { code: string; message: string };
  expect(STABLE).toContain(code);
  expect(message).toMatch(/\.$/);
  expect({ answer, isClients: status >= 400 && status < 500 }).toMatchObject({ isClients: true });
  return { status, code };
}

/** The server goes on: a request like any other is answered. */
async function expectUndisturbed({ open }: LocalFake): Promise<void> {
  const request = open('GET', '/v1/count').end();
  const [response] = await once(request, 'response');
  expect(response).toMatchObject({ statusCode: 200 });
}

describe('what is no HTTP is refused in the form of all errors', () => {
  const requests: readonly [string, string, number][] = [
    ['garbage', '\u0000\u0001\u0002\r\n\r\n', 400],
    ['an unknown method', 'STEAL / HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['a header without a name', 'GET /v1/count HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n', 400],
    ['a header with a control character', 'GET /v1/count HTTP/1.1\r\nhost: a\u0000\r\n\r\n', 400],
    [
      'two lengths',
      'PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{',
      400,
    ],
    ['a negative length', 'PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n', 400],
    [
      'a length and chunks',
      'PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'a chunk of a bad length',
      'PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
      400,
    ],
    ['headers of a megabyte', `GET /v1/count HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(2 ** 20)}\r\n\r\n`, 431],
    ['an address of a megabyte', `GET /v1/kv/${'y'.repeat(2 ** 20)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431],
  ];

  it.each(requests)('%s', async (_, request, status) => {
    const fake = await localFake();
    expect(expectRefused(await answerTo(fake, request))).toEqual({ status, code: 'INVALID_OPTION' });
    await expectUndisturbed(fake);
  });
});

describe('a request that makes no sense is refused with a stable code', () => {
  const requests: readonly ['GET' | 'PUT' | 'POST' | 'DELETE', string, string | undefined][] = [
    ['GET', '/v1/kv/%', undefined],
    ['GET', '/v1/kv/%E0%A4%A', undefined],
    ['GET', '/v1/kv/%ED%A0%80', undefined],
    ['GET', '/v1/kv/%C0%AF', undefined],
    ['GET', '/v1/kv?key=%ED%A0%80', undefined],
    ['GET', '/v1/kv?key=a&key=b', undefined],
    ['GET', '/v1/kv?%', undefined],
    ['GET', '/v1/kv?limit=-1', undefined],
    ['GET', '/v1/kv?limit=9007199254740993', undefined],
    ['GET', '/v1/changes?since=nonsense&since=again', undefined],
    ['PUT', '/v1/kv/a', '{'],
    ['PUT', '/v1/kv/a', 'null'],
    ['PUT', '/v1/kv/a', '[]'],
    ['PUT', '/v1/kv/a', '{"value":1,"__proto__":1}'],
    ['PUT', '/v1/kv/a', '{"value":1e999}'],
    ['PUT', '/v1/kv/a', '{"value":12345678901234567890}'],
    ['PUT', '/v1/kv/a', '{"value":"AAA","type":"binary"}'],
    ['PUT', '/v1/kv/a', '{"value":"wQ==","type":"msgpack"}'],
    ['PUT', '/v1/kv/a', '['.repeat(1_000_000)],
    ['POST', '/v1/batch', '{"operations":{"length":1}}'],
    ['POST', '/v1/batch', '{"operations":[null]}'],
    ['POST', '/v1/batch', '{"operations":[{"op":"put","key":5,"value":1}]}'],
    ['POST', '/v1/batch', '{"operations":[{"op":"__proto__","key":"a"}]}'],
    ['POST', '/v1/sync', '{"timeoutMs":1e400}'],
    ['POST', '/v1/verify', '[1]'],
    ['POST', '/v1/clock/repair', '{"all":"yes"}'],
    ['DELETE', '/v1/nothing', undefined],
  ];

  it.each(requests)('%s %s %s', async (method, url, body) => {
    const { ask, node } = fakeServer();
    const { status, body: answer } = await ask(method, url, body);
    const { code, message } = answer as { code: string; message: string };
    expect({ status, code, isClients: status >= 400 && status < 500 }).toMatchObject({ isClients: true });
    expect(STABLE).toContain(code);
    expect(message).not.toContain('\n');
    expect(node.entryByKey.size).toBe(0);
  });

  it('a body above the limit, of which no more is read', async () => {
    const fake = await localFake();
    const head = `PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ncontent-length: ${BODY_BYTES_MAX + 1}\r\n\r\n`;
    expect(expectRefused(await answerTo(fake, head))).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
    await expectUndisturbed(fake);
  });
});

describe('a client that takes its time', () => {
  it('keeps nobody else waiting, be they ever so many', async () => {
    const fake = await localFake();
    const slow = await Promise.all(Array.from({ length: 500 }, () => socketTo(fake)));
    for (const [at, socket] of slow.entries()) {
      const request = 'PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"value":';
      socket.write(request.slice(0, at % request.length));
    }
    await expectUndisturbed(fake);
    for (const socket of slow) socket.write('\r');
    await expectUndisturbed(fake);
    expect(fake.node.entryByKey.size).toBe(0);
  });

  it('is given a minute for its headers, and for a stream of lines as long as it likes', () => {
    const { server } = fakeServer().app;
    expect(server).toMatchObject({ headersTimeout: 60_000, requestTimeout: 0 });
  });

  it('is given a minute for a body, and refused then', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const fake = await localFake();
    const head = 'PUT /v1/kv/a HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"value":';
    const answer = answerTo(fake, head);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    vi.advanceTimersByTime(BODY_TIME_MS);
    expect(expectRefused(await answer)).toEqual({ status: 408, code: 'INVALID_OPTION' });
    await expectUndisturbed(fake);
  });

  it.each([
    ['GET', '/v1/changes'],
    ['POST', '/v1/sync'],
  ])('is answered as long as it takes: %s %s', async (method, path) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const fake = await localFake();
    let goOn = (): void => undefined;
    const going = new Promise<void>((resolve) => (goOn = resolve));
    let isAsked = false;
    fake.node.changes = (async function* () {
      isAsked = true;
      await going;
      yield* [];
    })();
    fake.node.answerSync = async () => {
      isAsked = true;
      await going;
      return { peers: 7, inSync: 7, entriesReceived: 0, bytesReceived: 0, bytesSent: 0 };
    };
    const request = fake.open(method, path).end();
    const responded = once(request, 'response') as Promise<[IncomingMessage]>;
    await vi.waitFor(() => expect(isAsked).toBe(true), { interval: 5 });
    vi.advanceTimersByTime(100 * BODY_TIME_MS);
    goOn();
    const [response] = await responded;
    expect(response.statusCode).toBe(200);
    expect(await readAll(response)).toMatch(/"peers":7|event: begun/u);
  });

  it('of an import is left to take its time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const fake = await localFake();
    const request = fake.open('POST', '/v1/import');
    const responded = once(request, 'response') as Promise<[IncomingMessage]>;
    request.write('{"key":"a","value":1}\n');
    await vi.waitFor(() => expect(fake.node.entryByKey.size).toBe(1), { interval: 5 });
    vi.advanceTimersByTime(100 * BODY_TIME_MS);
    request.end('{"key":"b","value":2}\n');
    const [response] = await responded;
    expect(await readAll(response)).toContain('"imported":2');
  });
});
