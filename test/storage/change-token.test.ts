import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeActor } from '../../src/core/actor.ts';
import { asciiBytes } from '../../src/core/bytes.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { type Version, VERSION_MAX } from '../../src/core/version.ts';
import { type ChangeToken, decodeToken, encodeToken } from '../../src/storage/change-token.ts';
import type { Told } from '../../src/storage/told-context.ts';
import { damaged, fullRows, nodeId, nodeIds, versions } from '../support/codec-arbitraries.ts';

const CLUSTER = 'cluster';

const rowsByActor: fc.Arbitrary<Told['rowByActor']> = fullRows.map(
  (rows) =>
    new Map(
      rows.map(({ actor, received, closed, cloudVersions }) => [
        actor,
        { received, closed, dots: new Set(cloudVersions) },
      ]),
    ),
);

const tokens: fc.Arbitrary<ChangeToken> = fc.record({
  nodeId: nodeIds,
  drops: fc.maxSafeNat(),
  droppedAt: versions,
  prefix: fc.uint8Array({ maxLength: 300 }),
  told: fc.record({
    rowByActor: rowsByActor,
    horizon: versions,
    unnamed: fc.boolean(),
  }),
  partly: rowsByActor,
  nextExpiryMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: VERSION_MAX })),
});

const TOKEN: ChangeToken = {
  nodeId: nodeId('berlin'),
  drops: 300,
  droppedAt: 5 as Version,
  prefix: asciiBytes('user/'),
  told: { rowByActor: new Map(), horizon: 7 as Version, unnamed: false },
  partly: new Map(),
  nextExpiryMs: 9,
};

function isRefused(text: string, cluster: string = CLUSTER): boolean {
  try {
    decodeToken(text, cluster);
    return false;
  } catch (error) {
    if (error instanceof BoatoError && error.code === 'TOKEN_INVALID') return true;
    throw error;
  }
}

describe('a token of a watch', () => {
  test('brings back all that it was made of', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        expect(decodeToken(encodeToken(token, CLUSTER), CLUSTER)).toEqual(token);
      }),
    );
  });

  test('is the same text in whatever order actors and single dots were seen', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        const rowByActor = new Map(
          [...token.told.rowByActor]
            .toReversed()
            .map(([actor, row]) => [actor, { ...row, dots: new Set([...row.dots].toReversed()) }]),
        );
        const other = { ...token, told: { ...token.told, rowByActor } };
        expect(encodeToken(other, CLUSTER)).toBe(encodeToken(token, CLUSTER));
      }),
    );
  });

  test('has no single dots that `received` covers', () => {
    const actor = makeActor(nodeId('a'), 1 as Version, 0);
    const row = { received: 5 as Version, closed: 5 as Version };
    const dots = new Set([4, 5, 6].map((version) => version as Version));
    const told = { rowByActor: new Map([[actor, { ...row, dots }]]), horizon: 7 as Version, unnamed: true };
    const back = decodeToken(encodeToken({ ...TOKEN, told }, CLUSTER), CLUSTER);
    expect(back.told.rowByActor.get(actor)).toEqual({ ...row, dots: new Set([6]) });
  });

  test('is written byte for byte as its grammar says', () => {
    const bytes = Buffer.from(encodeToken(TOKEN, CLUSTER), 'base64url').toString('hex');
    expect(bytes.slice(0, 2)).toBe('02');
    const body = [
      '06 6265726c696e', // node
      'ac02 0000000000000005', // drops, droppedAt
      '05 757365722f', // prefix
      '0000000000000007 0000000000000009', // horizon, nextExpiry
      '00', // unnamed
      '01 00', // partly
      '00', // rows
    ];
    expect(bytes.slice(10)).toBe(body.join('').replaceAll(' ', ''));
  });

  test('is refused when it was cut, lengthened, or changed anywhere', () => {
    const cases = tokens.chain((token) => {
      const text = encodeToken(token, CLUSTER);
      return fc.tuple(fc.constant(text), damaged(Buffer.from(text, 'base64url')));
    });
    fc.assert(
      fc.property(cases, ([text, bytes]) => {
        const other = Buffer.from(bytes).toString('base64url');
        expect(isRefused(other)).toBe(other !== text);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused by another cluster', () => {
    expect(isRefused(encodeToken(TOKEN, CLUSTER))).toBe(false);
    expect(isRefused(encodeToken(TOKEN, CLUSTER), 'clusters')).toBe(true);
  });

  test('is refused with characters that no token has, though a decoder passes over them', () => {
    const text = encodeToken(TOKEN, CLUSTER);
    for (const other of ['', ' ', `${text} `, `${text}=`, `${text}\n`, `+${text}`, '!'])
      expect(isRefused(other)).toBe(true);
  });

  test('of another format is refused, and says which one this node reads', () => {
    const bytes = Buffer.from(encodeToken(TOKEN, CLUSTER), 'base64url');
    bytes[0] = 1;
    expect(() => decodeToken(bytes.toString('base64url'), CLUSTER)).toThrow(/format 1.*reads 2/);
  });

  test('that names no node is refused', () => {
    expect(isRefused(encodeToken({ ...TOKEN, nodeId: 'a b' as typeof TOKEN.nodeId }, CLUSTER))).toBe(true);
  });
});
