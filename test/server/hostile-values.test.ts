import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { createHttpServer } from '../../src/server/http-server.ts';
import { temporaryNode } from '../node/temporary-store.ts';

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const ESCAPED = JSON.stringify('k\ud800');

describe('a real node takes nothing from a client that it could not give back:', () => {
  const requests: readonly [string, string, string, string, string][] = [
    [
      'a lone surrogate in the key of a batch',
      'POST',
      '/v1/batch',
      operation({ key: ESCAPED }),
      'INVALID_KEY',
    ],
    ['a lone surrogate in a value', 'POST', '/v1/batch', operation({ value: ESCAPED }), 'INVALID_VALUE'],
    ['a lone surrogate in a name', 'PUT', '/v1/kv/a', `{"value":{${ESCAPED}:1}}`, 'INVALID_VALUE'],
    ['100,000 arrays in each other', 'PUT', '/v1/kv/a', `{"value":${DEEP}}`, 'INVALID_VALUE'],
    ['100,000 arrays in a batch', 'POST', '/v1/batch', operation({ value: DEEP }), 'INVALID_VALUE'],
    ['a property named __proto__', 'PUT', '/v1/kv/a', '{"value":{"__proto__":{"x":1}}}', 'INVALID_VALUE'],
    ['-0', 'PUT', '/v1/kv/a', '{"value":[-0]}', 'INVALID_VALUE'],
    ['a key of 2,000 bytes', 'PUT', `/v1/kv/${'k'.repeat(2000)}`, '{"value":1}', 'INVALID_KEY'],
    ['an empty key', 'PUT', '/v1/kv?key=', '{"value":1}', 'INVALID_KEY'],
    ['an expiry in fractions', 'PUT', '/v1/kv/a', '{"value":1,"ttlMs":0.5}', 'INVALID_EXPIRY'],
    ['two expiries', 'PUT', '/v1/kv/a', '{"value":1,"ttlMs":5,"expiresAt":6}', 'INVALID_EXPIRY'],
    [
      'a version of no actor',
      'POST',
      '/v1/batch',
      operation({ ifVersion: '{"version":1}' }),
      'INVALID_OPTION',
    ],
  ];

  it.each(requests)('%s', async (_, method, url, payload, code) => {
    const node = await temporaryNode();
    const app = createHttpServer(node, silentLog, new AbortController().signal);
    onTestFinished(() => app.close());
    const answer = await app.inject({ method: method as 'PUT' | 'POST', url, payload });
    expect({ status: answer.statusCode, ...answer.json<object>() }).toMatchObject({ status: 400, code });
    expect(await node.count({})).toBe(0);
  });

  it('lines of an import that are bad, beside one that is good', async () => {
    const node = await temporaryNode();
    const app = createHttpServer(node, silentLog, new AbortController().signal);
    onTestFinished(() => app.close());
    const lines = [
      `{"key":${ESCAPED},"value":1}`,
      `{"key":"a","value":${DEEP}}`,
      '{"key":"b","value":1}',
      '{"key":"c"',
      'null',
      `{"key":"${'d'.repeat(5000)}","value":1}`,
      '\u0000',
    ];
    const url = '/v1/import?skipInvalid';
    const answer = await app.inject({ method: 'POST', url, payload: lines.join('\n') });
    const events = answer.payload
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.at(-1)).toMatchObject({ event: 'summary', imported: 1, invalid: 6 });
    expect(await node.get('b')).toBe(1);
  });
});

function operation(fields: { key?: string; value?: string; ifVersion?: string }): string {
  const { key = '"k"', value = '1', ifVersion } = fields;
  const condition = ifVersion === undefined ? '' : `,"ifVersion":${ifVersion}`;
  return `{"operations":[{"op":"put","key":${key},"value":${value}${condition}}]}`;
}
