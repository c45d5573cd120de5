import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { makeToken, parseToken, TOKEN_OF_NOTHING } from '../../src/core/token.ts';
import { type Version, VERSION_MAX } from '../../src/core/version.ts';

const ids = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/) as fc.Arbitrary<NodeId>;
const dots = fc
  .tuple(ids, fc.maxSafeNat(), fc.nat(0xffff_ffff), fc.maxSafeNat())
  .filter(([, birth, , above]) => birth + above <= VERSION_MAX)
  .map(([id, birth, random, above]) => {
    return { actor: makeActor(id, birth as Version, random), version: (birth + above) as Version };
  });

test('a token names its write, whatever its node is called', () => {
  fc.assert(
    fc.property(dots, (dot) => {
      expect(parseToken(makeToken(dot))).toEqual(dot);
    }),
  );
});

test('a token of a batch tells how many entries it has', () => {
  const [actor, version] = [makeActor('a' as NodeId, 16 as Version, 0), 16_000 as Version];
  const token = makeToken({ actor, version, entries: 10_000 });
  expect(token).toBe('a.00000000000010.00000000.cc0.7ps');
  expect(parseToken(token)).toEqual({ actor, version, entries: 10_000 });
  expect(makeToken({ actor, version, entries: 1 })).toBe(makeToken({ actor, version }));
});

test('a token goes through headers, addresses and shells as it is', () => {
  fc.assert(
    fc.property(dots, (dot) => {
      expect(makeToken(dot)).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
    }),
  );
});

test('the token of a batch of nothing names nothing', () => {
  expect(parseToken(TOKEN_OF_NOTHING)).toBe('nothing');
});

test.each([
  [''],
  ['a'],
  ['a.0000000000001f.00000000'],
  ['.00000000000010.00000000.1'],
  ['a.00000000000010.00000000.01'],
  ['a.00000000000010.00000000.-1'],
  ['a.00000000000010.00000000.A'],
  ['a.00000000000010.0000000g.1'],
  ['a.f0000000000010.00000000.1'],
  ['a.1fffffffffffff.00000000.1'],
  ['a.00000000000010.00000000.zzzzzzzzzzz'],
  [' a.00000000000010.00000000.1'],
  ['a+00000000000010+00000000+1'],
  [`${'a'.repeat(65)}.00000000000010.00000000.1`],
  ['a.00000000000010.00000000.1.2'],
  ['a.00000000000010.00000000.9.1'],
  ['a.00000000000010.00000000.9.02'],
  ['a.00000000000010.00000000.9.'],
  [5],
  [null],
  [undefined],
])('%j is no token', (text) => {
  expect(parseToken(text)).toBeUndefined();
});
