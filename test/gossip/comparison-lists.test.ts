import { describe, expect, test } from 'vitest';
import { makeActor } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import type { Entry } from '../../src/core/entry.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import type { Version } from '../../src/core/version.ts';
import { ChunkPacker } from '../../src/gossip/chunk.ts';
import { packDots, unpackDots } from '../../src/gossip/comparison-lists.ts';
import { nodeId } from '../support/codec-arbitraries.ts';
import { utf8 } from '../support/replica-fixture.ts';

const DOT = { key: utf8('k'), actor: makeActor(nodeId('a'), 7 as Version, 1), version: 9 as Version };
const ENTRY: Entry = {
  ...DOT,
  first: DOT.version,
  last: DOT.version,
  tombstone: true,
  value: new Uint8Array(0),
  expiresAt: undefined,
};

describe('the dots of a list', () => {
  test('come back as they were', () => {
    const dots = [DOT, { ...DOT, version: 10 as Version }];
    expect(unpackDots(packDots(dots), DEFAULT_LIMITS)).toStrictEqual(dots);
  });

  test.each<[string, Partial<Entry>]>([
    ['a value', { tombstone: false, value: utf8('v') }],
    ['an empty value', { tombstone: false }],
    ['an expiry', { tombstone: false, expiresAt: 5 }],
    ['the first of its batch', { first: 8 as Version }],
    ['the last of its batch', { last: 10 as Version }],
  ])('are refused with %s', (_, more) => {
    const packer = new ChunkPacker();
    packer.add({ ...ENTRY, ...more });
    const unpack = (): unknown => unpackDots(packer.finish(), DEFAULT_LIMITS);
    expect(unpack).toThrow(MalformedBytes);
    expect(unpack).toThrow('a dot with more than its key');
  });
});
