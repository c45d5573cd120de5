/** Tokens of watches and of writes, which clients keep and give back. */

import { crc32 } from 'node:zlib';
import { ByteWriter } from '../../../src/core/byte-writer.ts';
import { makeToken, parseToken, TOKEN_OF_NOTHING } from '../../../src/core/token.ts';
import { parseVersion, versionText } from '../../../src/server/conditions.ts';
import { type ChangeToken, decodeToken, encodeToken } from '../../../src/storage/change-token.ts';
import type { Told } from '../../../src/storage/told-context.ts';
import { ACTOR, ENTRIES, NODE, ROWS, version } from '../samples.ts';
import { Broken, checkRoundTrip, failsWith, type Target, utf8 } from '../target.ts';

const CLUSTER = 'cluster';
const HEAD_BYTES = 5;

const ROW_BY_ACTOR: Told['rowByActor'] = new Map(
  ROWS.map(({ actor, received, closed, cloudVersions }) => [
    actor,
    { received, closed, dots: new Set(cloudVersions) },
  ]),
);

const TOKEN: ChangeToken = {
  nodeId: NODE,
  drops: 2,
  droppedAt: version(5),
  prefix: utf8('user/'),
  told: { rowByActor: ROW_BY_ACTOR, horizon: version(9), unnamed: true },
  partly: ROW_BY_ACTOR,
  nextExpiryMs: 1_800_000_000_000,
};

/** The input is the token's bytes, not their text. */
export const changeToken: Target = {
  run: (input) =>
    void checkRoundTrip(input, {
      decode: (bytes) => decodeToken(Buffer.from(bytes).toString('base64url'), CLUSTER),
      encode: (token) => Buffer.from(encodeToken(token, CLUSTER), 'base64url'),
      refuses: failsWith('TOKEN_INVALID'),
    }),
  seeds: () => ({
    token: Buffer.from(encodeToken(TOKEN, CLUSTER), 'base64url'),
    'of nothing': Buffer.from(
      encodeToken(
        {
          ...TOKEN,
          told: { rowByActor: new Map(), horizon: version(0), unnamed: false },
          partly: new Map(),
          nextExpiryMs: Number.POSITIVE_INFINITY,
        },
        CLUSTER,
      ),
      'base64url',
    ),
  }),
  mend(input) {
    const body = input.subarray(HEAD_BYTES);
    const writer = new ByteWriter(input.length + HEAD_BYTES);
    writer.byte(2);
    writer.uint32(crc32(body, crc32(CLUSTER)));
    writer.raw(body);
    return writer.finish();
  },
};

/** Any text: as a token of a watch, as one of a write, and as the version in an `ETag`. */
export const tokenText: Target = {
  run(input) {
    const text = Buffer.from(input).toString('utf8');
    checkRoundTrip(input, {
      decode: () => decodeToken(text, CLUSTER),
      encode: (token) => utf8(encodeToken(token, CLUSTER)),
      refuses: failsWith('TOKEN_INVALID'),
    });
    const dot = parseToken(text);
    const again = dot === 'nothing' ? TOKEN_OF_NOTHING : dot === undefined ? text : makeToken(dot);
    if (again !== text) throw new Broken('two tokens of one write');
    const parsed = parseVersion(text);
    if (parsed !== undefined && JSON.stringify(parseVersion(versionText(parsed))) !== JSON.stringify(parsed))
      throw new Broken('a version comes back as another one');
  },
  seeds: () => ({
    watch: utf8(encodeToken(TOKEN, CLUSTER)),
    write: utf8(makeToken(ENTRIES[0] as (typeof ENTRIES)[number])),
    nothing: utf8(TOKEN_OF_NOTHING),
    version: utf8(versionText({ version: 7, actor: ACTOR })),
    'version alone': utf8('9007199254740991'),
  }),
};
