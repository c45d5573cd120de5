/** Conditions and tokens in headers, parameters and batches. */

import { describe, expect, test } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import { TooFewAcksError } from '../../src/node/write-concern.ts';
import { etagOf, parseVersion, versionText } from '../../src/server/conditions.ts';
import { TOKEN } from './fake-node.ts';
import { fakeServer, localFake } from './serve-fake.ts';

const PUT = ['PUT', '/v1/kv?key=a', { value: 1 }] as const;
const DELETE = ['DELETE', '/v1/kv?key=a', undefined] as const;

describe('a write', () => {
  test('answers with the ETag of its entry, which a read shows, and with its token', async () => {
    const { ask } = fakeServer();
    const written = await ask(...PUT);
    expect(written.headers).toMatchObject({ etag: '"1@fake+0"', 'boato-token': TOKEN });
    expect((await ask('GET', '/v1/kv?key=a')).headers).toMatchObject({ etag: '"1@fake+0"' });
    expect((await ask('GET', '/v1/kv/a')).headers).toMatchObject({ etag: '"1@fake+0"' });
    expect((await ask(...DELETE)).headers).toMatchObject({ 'boato-token': TOKEN });
    const batch = await ask('POST', '/v1/batch', { operations: [{ op: 'del', key: 'a' }] });
    expect(batch).toMatchObject({ body: { token: TOKEN }, headers: { 'boato-token': TOKEN } });
  });

  test.each([
    ['"5@lisboa+00+00"', { version: 5, actor: 'lisboa+00+00' }],
    ['"5"', 5],
  ])('takes If-Match: %s', async (header, ifVersion) => {
    const { ask, node } = fakeServer();
    await ask(...PUT, { 'if-match': header });
    await ask(...DELETE, { 'if-match': header });
    expect(node.optionCalls).toEqual([{ ifVersion }, { ifVersion }]);
  });

  test('takes If-None-Match: *, and answers 412 with what is there', async () => {
    const { ask } = fakeServer();
    expect(await ask(...PUT, { 'if-none-match': '*' })).toMatchObject({ status: 200 });
    expect(await ask(...PUT, { 'if-none-match': '*' })).toMatchObject({
      status: 412,
      body: {
        code: 'CONDITION_FAILED',
        message: expect.stringContaining('holds version 1 of fake+0') as string,
        key: 'a',
        present: { version: 1, actor: 'fake+0' },
      },
    });
  });

  test('of a batch takes conditions with its operations', async () => {
    const { ask, node } = fakeServer();
    const operations = [
      { op: 'put', key: 'a', value: 1, ifAbsent: true },
      { op: 'put', key: 'b', value: 1, ifVersion: { version: 5, actor: 'x' } },
      { op: 'del', key: 'c', ifVersion: 5 },
    ];
    expect((await ask('POST', '/v1/batch', { operations })).status).toBe(200);
    expect(node.optionCalls).toEqual([
      { type: 'put', key: 'a', value: 1, ifAbsent: true },
      { type: 'put', key: 'b', value: 1, ifVersion: { version: 5, actor: 'x' } },
      { type: 'del', key: 'c', ifVersion: 5 },
    ]);
  });

  test.each([
    [PUT, { 'if-match': '*' }],
    [PUT, { 'if-match': '5' }],
    [PUT, { 'if-match': 'W/"5"' }],
    [PUT, { 'if-match': '"5", "6"' }],
    [PUT, { 'if-match': '"5@"' }],
    [PUT, { 'if-none-match': '"5"' }],
    [DELETE, { 'if-none-match': '*' }],
  ])('refuses a condition that it does not understand: %j %j', async ([method, url, body], headers) => {
    const { ask, node } = fakeServer();
    expect(await ask(method, url, body, headers as Record<string, string>)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_OPTION' },
    });
    expect(node.entryByKey.size).toBe(0);
  });
});

describe('a read', () => {
  test.each([
    ['/v1/kv?key=a&after=T&timeoutMs=50'],
    ['/v1/kv/a?after=T&timeoutMs=50'],
    ['/v1/kv?after=T&timeoutMs=50'],
    ['/v1/count?after=T&timeoutMs=50'],
    ['/v1/export?after=T&timeoutMs=50'],
  ])('waits for a write: %s', async (url) => {
    const { ask, node } = fakeServer();
    await ask('GET', url);
    expect(node.optionCalls).toEqual([
      { after: 'T', timeoutMs: 50, signal: expect.any(AbortSignal) as AbortSignal },
    ]);
  });

  test('that waits in vain is 504', async () => {
    const { ask, node } = fakeServer();
    node.getEntry = () => Promise.reject(new BoatoError('TIMEOUT', 'It was not seen.'));
    expect(await ask('GET', '/v1/kv?key=a&after=T')).toMatchObject({
      status: 504,
      body: { code: 'TIMEOUT' },
    });
  });

  test('ends when its client goes away', async () => {
    const { node, open } = await localFake();
    const aborted = new Promise<void>((resolve) => {
      node.getEntry = (_key, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => {
            reject(new BoatoError('ABORTED', 'Nobody waits.'));
            resolve();
          });
          request.destroy();
        });
    });
    const request = open('GET', '/v1/kv?key=a&after=T');
    request.on('error', () => undefined).end();
    await aborted;
  });

  test.each([['/v1/kv?key=a&timeoutMs=5'], ['/v1/kv?key=a&after=T&timeoutMs=0'], ['/v1/kv/a?until=T']])(
    'refuses what makes no sense: %s',
    async (url) => {
      expect(await fakeServer().ask('GET', url)).toMatchObject({
        status: 400,
        body: { code: 'INVALID_OPTION' },
      });
    },
  );
});

test('a version is text, and comes back', () => {
  for (const version of [5, { version: 5, actor: 'a+1+2' }])
    expect(parseVersion(versionText(version))).toEqual(version);
  expect(etagOf({ version: 5, actor: 'a' })).toBe('"5@a"');
  for (const text of ['', 'a', '-1', '1.5', '5@', '5 @a', '5@a b', '12345678901234567'])
    expect(parseVersion(text)).toBeUndefined();
});

describe('write concern', () => {
  test('is taken from the parameters of every write', async () => {
    const { ask, node } = fakeServer();
    const concern = { acks: 3, timeoutMs: 500 };
    await ask('PUT', '/v1/kv?key=a&acks=3&timeoutMs=500', { value: 1 });
    await ask('PUT', '/v1/kv/a?acks=3&timeoutMs=500', { value: 1 });
    await ask('DELETE', '/v1/kv?key=a&acks=3&timeoutMs=500');
    await ask('POST', '/v1/batch?acks=3&timeoutMs=500', { operations: [] });
    expect(node.optionCalls).toEqual([concern, concern, concern, concern]);
  });

  test.each(['/v1/kv?key=a&acks=0', '/v1/kv?key=a&timeoutMs=5', '/v1/kv/a?ack=2'])(
    'that makes no sense is refused: %s',
    async (url) => {
      const { ask, node } = fakeServer();
      expect(await ask('PUT', url, { value: 1 })).toMatchObject({
        status: 400,
        body: { code: 'INVALID_OPTION' },
      });
      expect(node.entryByKey.size).toBe(0);
    },
  );

  test('that is not met is 504, with what was written', async () => {
    const { ask, node } = fakeServer();
    const result = { version: 5, actor: 'fake+0', token: TOKEN, acks: 2 };
    node.beforePut = () => Promise.reject(new TooFewAcksError({ acks: 3, timeoutMs: 500 }, result));
    expect(await ask('PUT', '/v1/kv?key=a&acks=3', { value: 1 })).toMatchObject({
      status: 504,
      body: { code: 'TOO_FEW_ACKS', written: result },
    });
  });
});
