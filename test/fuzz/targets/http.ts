/** What clients send to the HTTP API: bodies of JSON, lines of an import, queries. */

import { packValue } from '../../../src/adapters/value-codec.ts';
import type { Value } from '../../../src/node/api.ts';
import { exportedEntry, parseJson, parseOperation, parsePutLine } from '../../../src/server/line-format.ts';
import { Query } from '../../../src/server/query.ts';
import { splitLines } from '../../../src/server/split-lines.ts';
import { Broken, checkRoundTrip, decodeOrRefuse, failsWith, type Target, utf8 } from '../target.ts';

const BAD_LINE = failsWith('INVALID_VALUE', 'INVALID_KEY', 'INVALID_EXPIRY');
const BAD_BODY = failsWith(
  'INVALID_OPTION',
  'INVALID_VALUE',
  'INVALID_KEY',
  'INVALID_EXPIRY',
  'BATCH_INVALID',
);

const DICTIONARY = [
  '"op":"put",',
  '"type":"msgpack",',
  '"type":"binary",',
  '"expiresAt":1e999,',
  '-0',
  '12345678901234567890',
  '\\ud800',
  '"__proto__":',
  '{"key":"k","value":1}\n',
  '\uFEFF',
].map(utf8);

/** A line that is taken comes back as the line of an export, and packs. */
export const putLine: Target = {
  run: (input) =>
    void checkRoundTrip(input, {
      decode: (bytes) => {
        const { key, value, options } = parsePutLine(Buffer.from(bytes).toString('utf8'));
        packValue(value);
        return { key, value, options };
      },
      encode: ({ key, value, options }) =>
        utf8(JSON.stringify({ ...exportedEntry({ key, value, version: 1, actor: '' }), ...options })),
      refuses: BAD_LINE,
    }),
  seeds: () => lines(),
  dictionary: DICTIONARY,
};

export const batchBody: Target = {
  run(input) {
    const text = Buffer.from(input).toString('utf8');
    decodeOrRefuse(() => {
      const body = parseJson(text, 'INVALID_OPTION', 'The body') as { operations?: unknown } | null;
      const list = body?.operations;
      if (Array.isArray(list)) for (const operation of list) checkOperation(operation);
    }, BAD_BODY);
  },
  seeds: () => ({
    operations: utf8(
      JSON.stringify({
        operations: [
          { op: 'put', key: 'a', value: { b: [1, null] }, ttlMs: 1000, ifAbsent: true },
          { op: 'put', key: 'c', value: 'AQI=', type: 'binary', ifVersion: { version: 1, actor: 'x' } },
          { op: 'del', key: 'd', ifVersion: 7 },
        ],
      }),
    ),
    deep: utf8(`{"operations":[{"op":"put","key":"a","value":${'['.repeat(200)}${']'.repeat(200)}}]}`),
  }),
  dictionary: DICTIONARY,
};

/** The first byte is the size of the pieces in which the lines come: which makes no difference. */
export const importLines: Target = {
  async run(input) {
    const stream = input.subarray(1);
    const whole = await split(stream, Math.max(1, stream.length));
    const cut = await split(stream, Math.max(1, input[0] ?? 0, Math.floor(stream.length / 4096)));
    if (JSON.stringify(whole) !== JSON.stringify(cut))
      throw new Broken('the pieces of a stream make a difference');
    if (whole.reduce((sum, { bytes }) => sum + bytes, 0) > stream.length)
      throw new Broken('more bytes than there are');
  },
  seeds: () => ({
    lines: Uint8Array.of(3, ...Buffer.concat(Object.values(lines()).flatMap((line) => [line, utf8('\r\n')]))),
    'a mark, and no end': Uint8Array.of(1, ...utf8('\uFEFF\n\n{}')),
    'not UTF-8': Uint8Array.of(2, 0xff, 10, 65, 10),
  }),
  dictionary: DICTIONARY,
};

export const query: Target = {
  run(input) {
    const url = Buffer.from(input).toString('latin1');
    decodeOrRefuse(() => {
      const parsed = new Query(url, ['key', 'prefix', 'limit', 'skip']);
      parsed.text('key');
      parsed.count('limit');
      parsed.flag('skip');
    }, failsWith('INVALID_OPTION'));
  },
  seeds: () => ({
    key: utf8('/v1/kv?key=a%2Fb&limit=10'),
    flags: utf8('/v1/import?skip&prefix=%C3%A9+'),
    surrogate: utf8('/v1/kv?key=%ED%A0%80'),
  }),
  dictionary: ['&key=', '%C3', '%', '&limit=9007199254740993', '%00', '&&'].map(utf8),
};

/** What is taken of an operation can be packed, or is refused as the store refuses it. */
function checkOperation(json: unknown): void {
  const operation = parseOperation(json) as { type: string; value?: Value };
  if (operation.type === 'put') packValue(operation.value);
}

async function split(stream: Uint8Array, pieceBytes: number): Promise<{ bytes: number }[]> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < stream.length; at += pieceBytes) yield stream.subarray(at, at + pieceBytes);
  }
  const all: { bytes: number }[] = [];
  // Not by spreading: there may be more than a call takes arguments.
  for await (const some of splitLines(pieces(), 1000)) for (const line of some) all.push(line);
  return all;
}

function lines(): Record<string, Uint8Array> {
  const all: Record<string, unknown> = {
    text: { key: 'a', value: 'hello', type: 'text' },
    json: { key: 'b', value: { c: [1, 2.5, null, true], d: {} }, type: 'json', expiresAt: 1_800_000_000_000 },
    binary: { key: 'c', value: 'AQID', type: 'binary', ttlMs: 5 },
    msgpack: { key: 'd', value: '1/8AAAAAAAAAAA==', type: 'msgpack' },
    shown: { key: 'e', value: 1, version: 7, actor: 'a' },
  };
  return Object.fromEntries(Object.entries(all).map(([name, line]) => [name, utf8(JSON.stringify(line))]));
}
