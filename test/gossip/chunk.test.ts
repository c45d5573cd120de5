import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Actor, makeActor } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { ByteWriter } from '../../src/core/byte-writer.ts';
import { asciiBytes } from '../../src/core/bytes.ts';
import type { Entry } from '../../src/core/entry.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { VERSION_MAX, type Version } from '../../src/core/version.ts';
import { checkOrder } from '../../src/gossip/chunk-order.ts';
import { CHUNK_BYTES, type ChunkLimits, ChunkPacker, unpackChunk } from '../../src/gossip/chunk.ts';
import {
  attempt,
  BATCH_ENTRIES_MAX,
  damaged,
  entryLists,
  hex,
  nodeId,
  unhex,
} from '../support/codec-arbitraries.ts';

const BIRTH = 0x3_0000_0000_0000 as Version;
const ACTOR = makeActor(nodeId('berlin'), BIRTH, 0xdead_beef);
const OTHER = makeActor(nodeId('lisboa'), BIRTH, 1);
const LIMITS: ChunkLimits = { keyBytesMax: 1024, valueBytesMax: 300, batchEntriesMax: BATCH_ENTRIES_MAX };
const NO_BYTES = new Uint8Array(0);

function entry(offset: number, key: string, changes: Partial<Entry> = {}): Entry {
  const version = (BIRTH + offset) as Version;
  const alone = { first: version, last: version, tombstone: false, expiresAt: undefined };
  return { actor: ACTOR, version, key: asciiBytes(key), value: asciiBytes('v'), ...alone, ...changes };
}

function pack(entries: readonly Entry[]): Uint8Array {
  const packer = new ChunkPacker();
  for (const each of entries) packer.add(each);
  expect(packer.count).toBe(entries.length);
  const { bytes } = packer;
  const chunk = packer.finish();
  expect(chunk.length).toBe(bytes);
  return chunk;
}

/** An entry by hand: flags, then varints, then the key without a shared prefix, then the value if there is one. */
function byHand(
  flags: number,
  varints: readonly (number | Uint8Array)[],
  key: Uint8Array,
  value?: Uint8Array,
): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(flags);
  for (const each of varints) {
    if (typeof each === 'number') writer.varint(each);
    else writer.lengthPrefixed(each);
  }
  writer.varint(0);
  writer.lengthPrefixed(key);
  if (value !== undefined) writer.lengthPrefixed(value);
  return writer.finish();
}

function by(actor: Actor, offset: number, key: string): Entry {
  return entry(offset, key, { actor });
}

function unpackOne(changes: Partial<Entry>, limits: Partial<ChunkLimits>): Entry[] {
  return unpackChunk(pack([entry(100, 'key', changes)]), { ...DEFAULT_LIMITS, ...limits });
}

/** The smallest entries that there are. */
function packSmallest(count: number): Uint8Array {
  const packer = new ChunkPacker();
  for (let index = 0; index < count; index++) {
    packer.add(entry(1 + index, 'k', { tombstone: true, value: NO_BYTES }));
  }
  return packer.finish();
}

/** Packed size of 1,000 entries, without their values. */
function sizeOf(offsetOf: (index: number) => number): number {
  const value = new Uint8Array(100);
  const entries = Array.from({ length: 1000 }, (_, index) =>
    entry(1 + offsetOf(index), `user/${String(index).padStart(6, '0')}`, { value }),
  );
  return pack(entries).length - 1000 * value.length;
}

const NAME = asciiBytes(ACTOR);
const KEY = asciiBytes('k');

describe('entries', () => {
  test('come back as they were, in their order', () => {
    fc.assert(
      fc.property(entryLists, (entries) => {
        expect(unpackChunk(pack(entries), LIMITS)).toEqual(entries);
      }),
      { numRuns: 500 },
    );
  });

  test('of the largest versions come back as they were', () => {
    const low = makeActor(nodeId('a'), 0 as Version, 0);
    const high = VERSION_MAX;
    const ends = { first: 1 as Version, last: 1 as Version };
    const entries = [
      { ...entry(1, 'a'), actor: low, version: high, first: high, last: high },
      { ...entry(1, 'b'), actor: low, version: 1 as Version, ...ends, expiresAt: Number.MAX_SAFE_INTEGER },
      {
        ...entry(1, 'c'),
        actor: low,
        version: (high - 1) as Version,
        first: (high - 1) as Version,
        last: high,
      },
    ];
    expect(unpackChunk(pack(entries), LIMITS)).toEqual(entries);
  });

  test('of two actors that wrote at the same version, one after the other, come back as they were', () => {
    const entries = [entry(1, 'a'), by(OTHER, 1, 'b'), entry(2, 'c')];
    expect(unpackChunk(pack(entries), LIMITS)).toEqual(entries);
  });

  test('damaged anywhere are refused as malformed, or are other well-formed entries', () => {
    const cases = entryLists.chain((entries) =>
      fc.oneof(damaged(pack(entries)), fc.uint8Array({ maxLength: 200 })),
    );
    fc.assert(
      fc.property(cases, (bytes) => {
        const entries = attempt(() => unpackChunk(bytes, LIMITS));
        if (entries instanceof MalformedBytes) return;
        expect(unpackChunk(pack(entries), LIMITS)).toEqual(entries);
        for (const { key } of entries) new TextDecoder('utf-8', { fatal: true }).decode(key);
      }),
      { numRuns: 3000 },
    );
  });

  test('none make an empty chunk', () => {
    expect(pack([])).toEqual(NO_BYTES);
    expect(unpackChunk(NO_BYTES, LIMITS)).toEqual([]);
  });

  test('are written byte for byte as the protocol says', () => {
    // entry = flags [actor] difference [first last] [expiresAt] shared suffix [value]
    const expected = [
      `08 00 1e ${hex(NAME)} 818080808080c001 00 03 612f31 01 76`, // new actor 0, version BIRTH + 1, "a/1", "v"
      '04 04 01 02 02 01 32 01 76', // batch: version 4 more, its first 1 below, its last 2 above; "a/" shared, "2"
      '01 01 02 01 33', // tombstone: version 1 more, "a/" shared, "3"
      `1a 01 1e ${hex(asciiBytes(OTHER))} 04 e807 00 01 62 00`, // expiring, new actor 1, 4 lower; at 1000; "b", empty
      '08 00 06 00 01 63 01 76', // actor 0 again, 6 more; "c"
    ];
    const batch = { first: (BIRTH + 4) as Version, last: (BIRTH + 7) as Version };
    const entries = [
      entry(1, 'a/1'),
      entry(5, 'a/2', batch),
      entry(6, 'a/3', { tombstone: true, value: NO_BYTES }),
      entry(2, 'b', { actor: OTHER, value: NO_BYTES, expiresAt: 1000 }),
      entry(8, 'c'),
    ];
    expect(hex(pack(entries))).toBe(expected.join('').replaceAll(' ', ''));
    expect(unpackChunk(unhex(expected.join('')), LIMITS)).toEqual(entries);
  });

  test('of one actor, 1,000 in turn, cost 5 to 7 bytes each beside suffix and value', () => {
    // The key's last digit (now and then two or three) is the suffix.
    expect(sizeOf((index) => index)).toMatchInlineSnapshot(`6157`);
    expect(sizeOf((index) => index * 4096 * 50)).toMatchInlineSnapshot(`8155`);
  });
});

describe('limits', () => {
  test('a key at the limit is taken, one above it refused', () => {
    expect(unpackOne({}, { keyBytesMax: 3 })).toHaveLength(1);
    expect(() => unpackOne({}, { keyBytesMax: 2 })).toThrow('a key above the limit');
  });

  test('a key above the limit is refused when a prefix makes it so', () => {
    const chunk = pack([entry(1, 'key'), entry(2, 'key/')]);
    expect(() => unpackChunk(chunk, { ...LIMITS, keyBytesMax: 3 })).toThrow('a key above the limit');
  });

  test('a value at the limit is taken, one above it refused', () => {
    expect(unpackOne({ value: new Uint8Array(9) }, { valueBytesMax: 9 })).toHaveLength(1);
    expect(() => unpackOne({ value: new Uint8Array(10) }, { valueBytesMax: 9 })).toThrow(
      'a value above the limit',
    );
  });

  test('a batch at the limit is taken, one above it refused', () => {
    const batch = { first: (BIRTH + 91) as Version };
    expect(unpackOne(batch, { batchEntriesMax: 10 })).toHaveLength(1);
    expect(() => unpackOne(batch, { batchEntriesMax: 9 })).toThrow('a batch above the limit');
  });

  test('as many entries as fit a chunk are taken, and one last batch', () => {
    expect(unpackChunk(packSmallest(CHUNK_BYTES / 4 + 50), LIMITS)).toHaveLength(65_586);
    expect(() => unpackChunk(packSmallest(CHUNK_BYTES / 4 + 51), LIMITS)).toThrow(
      'more than 65586 entries in a chunk',
    );
  });

  test('shared prefixes never make more of a chunk than 16 MiB, and the packer keeps to that', () => {
    const long = { ...LIMITS, keyBytesMax: 65_535 };
    const key = new Uint8Array(65_535).fill(0x61);
    const dead = { key, tombstone: true, value: NO_BYTES };
    const entries = Array.from({ length: 300 }, (_, index) => entry(1 + index, 'k', dead));
    const chunk = pack(entries);
    expect(chunk.length).toBeGreaterThan(43 * 65_535);
    expect(unpackChunk(chunk, long)).toHaveLength(300);

    const writer = new ByteWriter();
    writer.raw(pack(entries.slice(0, 1)));
    for (let left = 299; left > 0; left--) writer.raw(unhex('01 01 ffff03 00'));
    expect(() => unpackChunk(writer.finish(), long)).toThrow('more shared prefixes than allowed');
  });
});

test('shared prefixes of 16 MiB to the byte are packed and taken, and not a byte more', () => {
  const key = new Uint8Array(2 ** 15).fill(0x61);
  const long = { ...LIMITS, keyBytesMax: key.length };
  const dead = { key, tombstone: true, value: NO_BYTES };
  // The first shares nothing, each of the others all of 2^15 bytes.
  const entries = Array.from({ length: 1 + 512 + 1 }, (_, index) => entry(1 + index, 'k', dead));
  const full = pack(entries.slice(0, -1));
  expect(full.length).toBeLessThan(2 * key.length);
  expect(pack(entries).length).toBeGreaterThan(2 * key.length);
  expect(unpackChunk(full, long)).toHaveLength(513);
  const [sharingNothing, sharingOne] = [unhex('01 01 00 01 62'), unhex('01 01 01 01 62')];
  expect(unpackChunk(Uint8Array.of(...full, ...sharingNothing), long)).toHaveLength(514);
  expect(() => unpackChunk(Uint8Array.of(...full, ...sharingOne), long)).toThrow(
    'more shared prefixes than allowed',
  );
});

describe('an entry is refused', () => {
  const first = [0, NAME, BIRTH + 9];
  const cases: Record<string, [Uint8Array, string]> = {
    'with unknown flags': [byHand(0x28, first, KEY, KEY), 'unknown flags of an entry'],
    'that is a tombstone and expires': [byHand(0x0b, [...first, 5], KEY), 'a tombstone with an expiry'],
    'that comes first and names no actor': [byHand(0, [9], KEY, KEY), 'a first entry without an actor'],
    'whose actor was not named yet': [byHand(8, [1, NAME, BIRTH + 9], KEY, KEY), 'an unknown actor'],
    'whose actor is none': [byHand(8, [0, KEY, 9], KEY, KEY), 'a malformed actor'],
    'whose actor is too long a name': [byHand(8, [0, new Uint8Array(89), 9], KEY, KEY), 'a malformed actor'],
    'at the birth of its actor': [
      byHand(8, [0, NAME, BIRTH], KEY, KEY),
      "a version not above its actor's birth",
    ],
    'whose batch begins at the birth': [
      byHand(12, [...first, 9, 0], KEY, KEY),
      "a version not above its actor's birth",
    ],
    'whose batch begins below 0': [byHand(12, [...first, BIRTH + 10, 0], KEY, KEY), 'a batch out of range'],
    'whose batch ends above 2^53 - 1': [
      byHand(12, [...first, 0, VERSION_MAX], KEY, KEY),
      'a batch out of range',
    ],
    'whose batch is of one': [byHand(12, [...first, 0, 0], KEY, KEY), 'a batch of one'],
    'below 0': [byHand(0x18, first, KEY, KEY), 'a version out of range'],
    'lower by nothing': [byHand(0x18, [0, NAME, 0], KEY, KEY), 'a version lower by nothing'],
    'without a key': [byHand(8, first, NO_BYTES, KEY), 'an empty key'],
    'without its value': [byHand(8, first, KEY), 'the end came too early'],
    'with a prefix that no key before has': [
      unhex(`08 00 1e ${hex(NAME)} 898080808080c001 01 00 00`),
      'a prefix longer than the key before',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [bytes, reason]) => {
    expect(() => unpackChunk(bytes, LIMITS)).toThrow(MalformedBytes);
    expect(() => unpackChunk(bytes, LIMITS)).toThrow(reason);
  });

  const later: Record<string, [string, string]> = {
    'with the dot of another': ['00 00 00 01 62 00', 'a dot twice in one chunk'],
    'above 2^53 - 1': ['00 ffffffffffffff0f 00 01 62 00', 'a version out of range'],
    'with a prefix longer than the key before': ['00 01 04 00 00', 'a prefix longer than the key before'],
    'that names the actor before again': ['08 00 01 00 01 62 00', 'the actor before named again'],
    'that gives an actor a second number': [
      `08 01 1e ${hex(NAME)} 01 00 01 62 00`,
      'an actor with two numbers',
    ],
  };
  test.each(Object.entries(later))('%s, after a good one', (_, [bytes, reason]) => {
    const chunk = Uint8Array.from([...pack([entry(1, 'key')]), ...unhex(bytes)]);
    expect(() => unpackChunk(chunk, LIMITS)).toThrow(MalformedBytes);
    expect(() => unpackChunk(chunk, LIMITS)).toThrow(reason);
  });

  test.each([
    ['a tail alone', '80'],
    ['a lead alone', 'c3'],
    ['a lead before a letter', 'c361'],
    ['overlong in two bytes', 'c080'],
    ['overlong in two bytes, the largest', 'c1bf'],
    ['overlong in three bytes', 'e09fbf'],
    ['overlong in four bytes', 'f08fbfbf'],
    ['the first surrogate', 'eda080'],
    ['the last surrogate', 'edbfbf'],
    ['above U+10FFFF', 'f4908080'],
    ['a lead of five bytes', 'f888808080'],
    ['a lead of four bytes that begins no character', 'f5808080'],
    ['FF', 'ff'],
    ['a broken third byte', 'e28241'],
  ])('whose key is not UTF-8: %s', (_, key) => {
    expect(() => unpackChunk(pack([entry(1, 'k', { key: unhex(key) })]), LIMITS)).toThrow(
      'a key that is not UTF-8',
    );
  });
});

test('keys are judged as a strict decoder of UTF-8 judges them', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
    fc.array(fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4), {
      minLength: 1,
      maxLength: 5,
    }),
  );
  fc.assert(
    fc.property(bytes, (some) => {
      const key = Uint8Array.from(some);
      expect(succeeds(() => unpackChunk(pack([entry(1, 'k', { key })]), LIMITS))).toBe(
        succeeds(() => new TextDecoder('utf-8', { fatal: true }).decode(key)),
      );
    }),
    { numRuns: 5000 },
  );
});

describe('order', () => {
  test('keys that ascend are in key order, whatever their versions', () => {
    checkOrder([by(ACTOR, 5, 'a'), by(OTHER, 1, 'b'), by(ACTOR, 2, 'ba')], 'key');
  });

  test('keys that descend or repeat are not in key order', () => {
    expect(() => checkOrder([by(ACTOR, 1, 'b'), by(ACTOR, 2, 'a')], 'key')).toThrow('keys out of order');
    expect(() => checkOrder([by(ACTOR, 1, 'a'), by(ACTOR, 2, 'a')], 'key')).toThrow('keys out of order');
  });

  test('versions that ascend for each actor are in version order, whatever their keys', () => {
    checkOrder([by(ACTOR, 1, 'b'), by(ACTOR, 2, 'a'), by(OTHER, 1, 'c'), by(OTHER, 9, 'b')], 'version');
  });

  test('versions that descend or repeat for an actor are not in version order', () => {
    expect(() => checkOrder([by(ACTOR, 2, 'a'), by(ACTOR, 1, 'b')], 'version')).toThrow(MalformedBytes);
    expect(() => checkOrder([by(ACTOR, 2, 'a'), by(OTHER, 1, 'b'), by(ACTOR, 2, 'c')], 'version')).toThrow(
      'versions out of order',
    );
  });
});

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
