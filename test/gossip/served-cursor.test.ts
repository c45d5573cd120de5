import { describe, expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import type { Version } from '../../src/core/version.ts';
import { decodeCursor, encodeCursor, START_CURSOR } from '../../src/gossip/served-cursor.ts';
import { unhex } from '../support/codec-arbitraries.ts';
import { utf8 } from '../support/replica-fixture.ts';

const ACTOR = makeActor('a' as NodeId, 7 as Version, 1);
const VERSION = 9 as Version;
const ACTOR_HEX = Buffer.from(ACTOR, 'latin1').toString('hex');

describe('a cursor', () => {
  test('comes back as the position that it is of', () => {
    expect(decodeCursor(START_CURSOR, 'key')).toStrictEqual({ order: 'key', key: undefined });
    expect(decodeCursor(START_CURSOR, 'version')).toStrictEqual({ order: 'version', after: undefined });
    const dot = { actor: ACTOR, version: VERSION };
    for (const key of [utf8('k'), new Uint8Array(0)])
      expect(decodeCursor(encodeCursor('key', { ...dot, key }), 'key')).toStrictEqual({ order: 'key', key });
    for (const key of [{ key: utf8('k') }, {}])
      expect(decodeCursor(encodeCursor('version', { ...dot, ...key }), 'version')).toStrictEqual({
        order: 'version',
        after: dot,
      });
  });

  test('keeps nothing but itself in memory, and a position nothing of its message', () => {
    const cursor = encodeCursor('key', { actor: ACTOR, version: VERSION, key: utf8('k') });
    expect(cursor.buffer.byteLength).toBe(2);
    const position = decodeCursor(cursor, 'key');
    expect(position.order === 'key' && position.key?.buffer.byteLength).toBe(1);
  });

  test.each([
    ['that is empty', '', 'key', 'the end came too early'],
    ['of the start with more behind it', '0000', 'key', '1 bytes too many'],
    ['of a kind that there is not', `03 0000000000000009 ${ACTOR_HEX}`, 'version', 'never gave'],
    ['of a key in the order of versions', '02 6b', 'version', 'never gave'],
    [
      'of a key in the order of versions that looks like a dot',
      `02 0000000000000009 ${ACTOR_HEX}`,
      'version',
      'never gave',
    ],
    ['of a version in the order of keys', `01 0000000000000009 ${ACTOR_HEX}`, 'key', 'never gave'],
    ['of half a version', '01 00000000', 'version', 'the end came too early'],
    ['of a version above 2^53 - 1', `01 0020000000000000 ${ACTOR_HEX}`, 'version', 'above 2^53 - 1'],
    ['of an actor that is none', '01 0000000000000009 61', 'version', 'never gave'],
  ] as const)('%s is refused', (_, bytes, order, reason) => {
    const decode = (): unknown => decodeCursor(unhex(bytes), order);
    expect(decode).toThrow(MalformedBytes);
    expect(decode).toThrow(reason);
  });
});
