import { describe, expect, it } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import { TOKEN } from './fake-node.ts';
import { fakeServer, parseLines } from './serve-fake.ts';

describe('/v1/kv', () => {
  it('stores, shows and deletes an entry', async () => {
    const { ask, node } = fakeServer();
    expect(await ask('PUT', '/v1/kv/a', { value: 'hello', expiresAt: 5 })).toMatchObject({
      status: 200,
      body: { version: 1, actor: 'fake+0', token: TOKEN },
    });
    expect(node.entryByKey.get('a')).toStrictEqual({
      key: 'a',
      value: 'hello',
      version: 1,
      actor: 'fake+0',
      expiresAt: 5,
    });
    expect(await ask('GET', '/v1/kv/a')).toMatchObject({
      status: 200,
      body: { key: 'a', value: 'hello', type: 'text', expiresAt: 5, version: 1, actor: 'fake+0' },
    });
    expect((await ask('DELETE', '/v1/kv/a')).body).toStrictEqual({ existed: true, token: TOKEN, acks: 1 });
    expect((await ask('DELETE', '/v1/kv/a')).body).toStrictEqual({ existed: false, token: TOKEN, acks: 1 });
    expect(await ask('GET', '/v1/kv/a')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  const keys = [
    'a/b',
    '/',
    '//',
    '.',
    '..',
    'a%2Fb',
    '%',
    '%25',
    '?',
    '#',
    ' ',
    '+',
    '&=',
    '\0',
    'é',
    '😀',
    'a;b',
    '*',
  ];

  it.each(keys)('takes the key %j in the query', async (key) => {
    const { ask, node } = fakeServer();
    const url = `/v1/kv?key=${encodeURIComponent(key)}`;
    expect((await ask('PUT', url, { value: 1 })).status).toBe(200);
    expect([...node.entryByKey.keys()]).toStrictEqual([key]);
    expect((await ask('GET', url)).body).toMatchObject({ key, value: 1 });
    expect((await ask('DELETE', url)).body).toMatchObject({ existed: true });
  });

  it.each(keys.filter((key) => key !== '.' && key !== '..'))('takes the key %j in the path', async (key) => {
    const { ask, node } = fakeServer();
    const url = `/v1/kv/${encodeURIComponent(key)}`;
    expect((await ask('PUT', url, { value: 1 })).status).toBe(200);
    expect([...node.entryByKey.keys()]).toStrictEqual([key]);
    expect((await ask('GET', url)).body).toMatchObject({ key });
  });

  it('takes slashes in the path as they are, and the longest key', async () => {
    const { ask, node } = fakeServer();
    await ask('PUT', '/v1/kv/city/1', { value: 1 });
    const longest = '\u{10ffff}'.repeat(256);
    await ask('PUT', `/v1/kv/${encodeURIComponent(longest)}`, { value: 1 });
    expect([...node.entryByKey.keys()]).toStrictEqual(['city/1', longest]);
  });

  it('brings every type back', async () => {
    const { ask, node } = fakeServer();
    await ask('PUT', '/v1/kv/a', { value: 'AQI=', type: 'binary' });
    expect(node.entryByKey.get('a')?.value).toStrictEqual(new Uint8Array([1, 2]));
    expect((await ask('GET', '/v1/kv/a')).body).toMatchObject({ value: 'AQI=', type: 'binary' });
    node.entryByKey.set('d', { key: 'd', value: new Date(0), version: 1, actor: 'x' });
    const { body } = await ask('GET', '/v1/kv/d');
    expect(body).toMatchObject({ type: 'msgpack' });
    await ask('PUT', '/v1/kv/e', { value: (body as { value: string }).value, type: 'msgpack' });
    expect(node.entryByKey.get('e')?.value).toStrictEqual(new Date(0));
  });

  it('takes values that other parsers of JSON refuse', async () => {
    const { ask, node } = fakeServer();
    const value = { constructor: { prototype: 1 } };
    await ask('PUT', '/v1/kv/a', { value });
    // A strict comparison would ask the value for its constructor.
    expect(node.entryByKey.get('a')?.value).toEqual(value);
  });

  it('lists entries in lines, with prefix and limit, and counts them', async () => {
    const { ask, node } = fakeServer();
    for (const key of ['b/2', 'a', 'b/1', 'b/3']) await node.put(key, key);
    const { text } = await ask('GET', '/v1/kv?prefix=b%2F&limit=2');
    expect(parseLines(text)).toStrictEqual([
      { key: 'b/1', value: 'b/1', type: 'text', version: 3, actor: 'fake+0' },
      { key: 'b/2', value: 'b/2', type: 'text', version: 1, actor: 'fake+0' },
    ]);
    expect(parseLines((await ask('GET', '/v1/kv')).text)).toHaveLength(4);
    expect((await ask('GET', '/v1/kv?prefix=zzz')).text).toBe('');
    expect((await ask('GET', '/v1/count?prefix=b/')).body).toStrictEqual({ count: 3 });
    expect((await ask('GET', '/v1/count')).body).toStrictEqual({ count: 4 });
  });
});

describe('a route without parameters', () => {
  it.each([
    ['GET', '/v1/status'],
    ['GET', '/v1/aggregate/keys'],
    ['POST', '/v1/sync'],
    ['POST', '/v1/collect'],
    ['POST', '/v1/verify'],
    ['POST', '/v1/clock/repair'],
    ['GET', '/v1/members'],
    ['GET', '/v1/members/changes'],
    ['POST', '/v1/join'],
    ['POST', '/v1/leave'],
    ['POST', '/v1/forget'],
    ['POST', '/v1/events/deploy'],
    ['GET', '/v1/events'],
    ['GET', '/v1/backup'],
  ] as const)('refuses one: %s %s', async (method, path) => {
    const { ask } = fakeServer();
    expect(await ask(method, `${path}?x=1`)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_OPTION', message: 'The parameter "x" is unknown (there are none here).' },
    });
  });
});

describe('/v1/batch', () => {
  it('applies puts and deletes', async () => {
    const { ask, node } = fakeServer();
    await node.put('b', 1);
    const operations = [
      { op: 'put', key: 'a', value: 'AQI=', type: 'binary', ttlMs: 5 },
      { op: 'del', key: 'b' },
    ];
    expect((await ask('POST', '/v1/batch', { operations })).body).toStrictEqual({
      operations: 2,
      token: TOKEN,
      acks: 1,
    });
    expect([...node.entryByKey.keys()]).toStrictEqual(['a']);
  });
});

describe('/v1/export and /v1/import', () => {
  it('carry everything over, each from the other', async () => {
    const { ask, node } = fakeServer();
    await node.put('a', 'text', { expiresAt: 5 });
    await node.put('b', new Uint8Array([1]));
    await node.put('c', { d: [1] });
    const { text } = await ask('GET', '/v1/export');
    const other = fakeServer();
    const answer = await other.ask('POST', '/v1/import', text);
    expect(parseLines(answer.text).at(-1)).toStrictEqual({
      event: 'summary',
      imported: 3,
      existing: 0,
      invalid: 0,
      bytes: Buffer.byteLength(text),
    });
    expect([...other.node.entryByKey]).toStrictEqual([...node.entryByKey]);
  });

  it('stop at the first bad line and say how many are stored', async () => {
    const { ask, node } = fakeServer();
    const { text } = await ask(
      'POST',
      '/v1/import',
      '{"key":"a","value":1}\n{"key":\n{"key":"c","value":1}\n',
    );
    expect(parseLines(text).at(-1)).toMatchObject({
      event: 'summary',
      imported: 1,
      stopped: { line: 2, code: 'INVALID_VALUE' },
    });
    expect([...node.entryByKey.keys()]).toStrictEqual(['a']);
  });

  it('report and skip bad lines if asked to', async () => {
    const { ask } = fakeServer();
    const lines = '{"key":"a","value":1}\nx\n\n{"key":"c","value":"refused"}\n{"key":"d","value":1}\n';
    const { text } = await ask('POST', '/v1/import?skipInvalid', lines);
    const events = parseLines(text) as { event: string; line?: number }[];
    expect(events.filter(({ event }) => event === 'invalid').map(({ line }) => line)).toStrictEqual([2, 4]);
    expect(events.at(-1)).toMatchObject({ event: 'summary', imported: 2, invalid: 2, existing: 0 });
  });
});

describe('/v1/aggregate', () => {
  it('answers what the node computes, and names that are none with 400', async () => {
    const { ask } = fakeServer();
    expect(await ask('GET', '/v1/aggregate/none')).toMatchObject({ status: 200, body: { count: 0, sum: 0 } });
    expect(await ask('GET', '/v1/aggregate/keys')).toMatchObject({
      status: 200,
      body: { count: 3, minimum: 7 },
    });
    expect(await ask('GET', '/v1/aggregate/refused')).toMatchObject({
      status: 400,
      body: { code: 'INVALID_OPTION' },
    });
  });
});

describe('/v1/status, /v1/sync, /v1/collect', () => {
  it('answer what the node says', async () => {
    const { ask, node } = fakeServer();
    expect((await ask('GET', '/v1/status')).body).toStrictEqual(await node.status());
    expect((await ask('POST', '/v1/collect')).body).toStrictEqual({ collected: 3, kept: 1 });
    expect((await ask('POST', '/v1/sync')).body).toMatchObject({ peers: 2, inSync: 2 });
    await ask('POST', '/v1/sync', { wait: true, timeoutMs: 50 });
    expect(node.syncCalls.map(({ wait, timeoutMs }) => ({ wait, timeoutMs }))).toStrictEqual([
      { wait: false, timeoutMs: undefined },
      { wait: true, timeoutMs: 50 },
    ]);
  });

  it('end a sync that waits when the server stops', async () => {
    const { ask, node, stopping } = fakeServer();
    node.answerSync = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new BoatoError('ABORTED', 'The node is stopping.')));
        stopping.abort();
      });
    expect(await ask('POST', '/v1/sync', { wait: true })).toMatchObject({
      status: 503,
      body: { code: 'ABORTED' },
    });
  });
});

describe('errors', () => {
  it.each([
    ['PUT', '/v1/kv/a', '{"value":', 400, 'INVALID_OPTION', /not JSON/],
    ['PUT', '/v1/kv/a', '[]', 400, 'INVALID_VALUE', /JSON object/],
    ['PUT', '/v1/kv/a', undefined, 400, 'INVALID_VALUE', /JSON object/],
    ['PUT', '/v1/kv/a', '{"key":"b","value":1}', 400, 'INVALID_KEY', /differs/],
    ['PUT', '/v1/kv/', '{"value":1}', 400, 'INVALID_KEY', /at least one/],
    ['PUT', '/v1/kv', '{"value":1}', 400, 'INVALID_OPTION', /"key" is missing/],
    ['PUT', '/v1/kv?key=', '{"value":1}', 400, 'INVALID_KEY', /at least one/],
    ['PUT', '/v1/kv/a', '{"value":1,"ttl":5}', 400, 'INVALID_VALUE', /"ttl" is unknown/],
    ['GET', '/v1/kv/%ff', undefined, 400, 'INVALID_OPTION', /./],
    ['GET', '/v1/kv?key=%ff', undefined, 400, 'INVALID_OPTION', /percent-encoded/],
    ['GET', '/v1/kv?limit=0', undefined, 400, 'INVALID_OPTION', /whole number/],
    ['GET', '/v1/kv?lmit=1', undefined, 400, 'INVALID_OPTION', /"lmit" is unknown/],
    ['GET', '/v1/kv?prefix=a&prefix=b', undefined, 400, 'INVALID_OPTION', /twice/],
    ['GET', '/v1/kv?prefix=refused', undefined, 400, 'INVALID_OPTION', /refused/],
    ['GET', '/v1/export?prefix=refused', undefined, 400, 'INVALID_OPTION', /refused/],
    ['POST', '/v1/import?skipInvalid=perhaps', '', 400, 'INVALID_OPTION', /true or false/],
    ['POST', '/v1/batch', '{}', 400, 'BATCH_INVALID', /operations/],
    ['POST', '/v1/batch', '{"operations":[{"key":"a"}]}', 400, 'BATCH_INVALID', /"put" or "del"/],
    ['POST', '/v1/sync', '[]', 400, 'INVALID_OPTION', /JSON object/],
    ['POST', '/v1/sync', '{"wait":1}', 400, 'INVALID_OPTION', /"wait"/],
    ['POST', '/v1/sync', '{"timeoutMs":-1}', 400, 'INVALID_OPTION', /"timeoutMs"/],
    ['POST', '/v1/sync', '{"timeout":1}', 400, 'INVALID_OPTION', /"timeout" is unknown/],
    ['GET', '/v2/kv', undefined, 404, 'ROUTE_NOT_FOUND', /GET \/v2\/kv/],
    ['DELETE', '/v1/status', undefined, 404, 'ROUTE_NOT_FOUND', /DELETE/],
  ] as const)('answer %s %s %s with %s %s', async (method, url, body, status, code, message) => {
    const answer = await fakeServer().ask(method, url, body);
    expect(answer).toMatchObject({ status, body: { code } });
    expect((answer.body as { message: string }).message).toMatch(message);
  });

  it.each([
    [new BoatoError('STORE_FENCED', 'A write failed.'), 503, 'STORE_FENCED'],
    [new BoatoError('VALUE_TOO_LARGE', 'It is too large.'), 413, 'VALUE_TOO_LARGE'],
    [new BoatoError('RECORD_DAMAGED', 'It is damaged.'), 500, 'RECORD_DAMAGED'],
    [new Error('a defect'), 500, 'INTERNAL'],
  ])('pass %s on', async (error, status, code) => {
    const { ask, node } = fakeServer();
    node.beforePut = () => Promise.reject(error);
    expect(await ask('PUT', '/v1/kv/a', { value: 1 })).toMatchObject({
      status,
      body: { code, message: error.message },
    });
  });

  it('refuse a body that is too large', async () => {
    const { app } = fakeServer();
    const response = await app.inject({
      method: 'PUT',
      url: '/v1/kv/a',
      headers: { 'content-length': String(2 ** 30) },
    });
    expect(response.statusCode).toBe(413);
    expect(response.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });
});
