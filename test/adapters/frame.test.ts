import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameHeader, FrameReader, FrameRoom, NO_ROOM } from '../../src/adapters/frame.ts';
import { FRAME_HEADER_BYTES } from '../../src/core/limits.ts';
import { contents, contentsOfAll } from '../contract/contents.ts';

const LIMIT = 1000;

interface Result {
  readonly bodies: string[];
  readonly reason: string | undefined;
}

/** What `reader` makes of `pieces`, until it gives a reason. */
function readAll(reader: FrameReader, pieces: readonly Uint8Array[]): Result {
  const bodies: string[] = [];
  for (const piece of pieces) {
    const reason = reader.read(piece, (body) => bodies.push(contents(body)) > 0);
    if (reason !== undefined) return { bodies, reason };
  }
  return { bodies, reason: undefined };
}

function frame(body: Uint8Array): Uint8Array {
  return Buffer.concat([frameHeader(body.length), body]);
}

/** `bytes` in pieces that end at `ends`. */
function cut(bytes: Uint8Array, ends: readonly number[]): Uint8Array[] {
  const sorted = [...ends, bytes.length].toSorted((a, b) => a - b);
  return sorted.map((end, index) => bytes.slice(sorted[index - 1] ?? 0, end));
}

describe('a frame', () => {
  test('begins with the length of its body, big-endian, and its type', () => {
    expect(contents(frameHeader(0x0102_0304))).toBe('0102030401');
    expect(contents(frameHeader(0xffff_ffff))).toBe('ffffffff01');
    expect(frameHeader(1)).toHaveLength(FRAME_HEADER_BYTES);
  });

  test('comes out whole and in order, whatever the pieces in which it arrives', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat({ max: 600 }), { maxLength: 40 }), (sent, ends) => {
        const stream = Buffer.concat(sent.map(frame));
        const pieces = cut(
          stream,
          ends.map((end) => Math.min(end, stream.length)),
        );
        const expected = { bodies: contentsOfAll(sent), reason: undefined };
        expect(readAll(new FrameReader(LIMIT), pieces)).toEqual(expected);
      }),
    );
  });

  test('comes out when it arrives byte by byte, at its last byte and not before', () => {
    const reader = new FrameReader(LIMIT);
    const bytes = frame(Uint8Array.of(1, 2, 3));
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(readAll(reader, pieces.slice(0, -1))).toEqual({ bodies: [], reason: undefined });
    expect(readAll(reader, pieces.slice(-1))).toEqual({ bodies: ['010203'], reason: undefined });
  });

  test('shares no memory with the pieces in which it arrived', () => {
    const piece = frame(Uint8Array.of(1, 2, 3));
    const bodies: Uint8Array[] = [];
    new FrameReader(LIMIT).read(piece, (body) => bodies.push(body) > 0);
    piece.fill(0);
    expect(contentsOfAll(bodies)).toEqual(['010203']);
  });

  test('may be as long as the limit', () => {
    const body = new Uint8Array(LIMIT).fill(3);
    expect(readAll(new FrameReader(LIMIT), [frame(body)])).toEqual({
      bodies: [contents(body)],
      reason: undefined,
    });
  });

  test.each([
    [LIMIT + 1, 'a frame of 1001 bytes, over the limit of 1000'],
    [0xffff_ffff, 'a frame of 4294967295 bytes, over the limit of 1000'],
    [0x8000_0000, 'a frame of 2147483648 bytes, over the limit of 1000'],
    [0, 'an empty frame'],
  ])('of %i bytes is refused at its header, before any of its body', (length, reason) => {
    expect(readAll(new FrameReader(LIMIT), [frameHeader(length)])).toEqual({ bodies: [], reason });
  });

  test.each([0, 2, 255])('of the type %i is unknown and refused at its header', (type) => {
    const header = frameHeader(1);
    header[4] = type;
    expect(readAll(new FrameReader(LIMIT), [header])).toEqual({
      bodies: [],
      reason: `a frame of unknown type ${type}`,
    });
  });

  test('that is refused leaves those before it delivered, and nothing after it', () => {
    const reader = new FrameReader(LIMIT);
    const one = frame(Uint8Array.of(1));
    const refused = { bodies: ['01'], reason: 'an empty frame' };
    expect(readAll(reader, [Buffer.concat([one, frameHeader(0), one])])).toEqual(refused);
    expect(readAll(reader, [one])).toEqual({ bodies: [], reason: 'an empty frame' });
  });

  test('after which the reader is told to stop is the last of its piece', () => {
    const bodies: string[] = [];
    const stop = (body: Uint8Array): boolean => {
      bodies.push(contents(body));
      return false;
    };
    const piece = Buffer.concat([frame(Uint8Array.of(1)), frame(Uint8Array.of(2)), frameHeader(0)]);
    expect(new FrameReader(LIMIT).read(piece, stop)).toBeUndefined();
    expect(bodies).toEqual(['01']);
  });

  test('is found in no bytes at all', () => {
    expect(readAll(new FrameReader(LIMIT), [new Uint8Array(0)])).toEqual({ bodies: [], reason: undefined });
  });
});

describe('what many readers may hold together', () => {
  const bytes = frame(new Uint8Array(900));

  test('is given back when a frame is whole, or its connection ends', () => {
    const room = new FrameRoom(1000);
    for (let time = 0; time < 5; time++) {
      const readers = [1, 2].map(() => new FrameReader(LIMIT, { room }));
      expect(readers.map((reader) => readAll(reader, [bytes.subarray(0, 100)]).reason)).toEqual([
        undefined,
        NO_ROOM,
      ]);
      expect(readAll(readers[0] as FrameReader, [bytes.subarray(100)]).bodies).toHaveLength(1);
      const other = new FrameReader(LIMIT, { room });
      expect(readAll(other, [bytes.subarray(0, 899)]).reason).toBeUndefined();
      other.drop();
      other.drop();
    }
  });

  test('follows what came of a long frame, not what it announced', () => {
    const room = new FrameRoom(200_000);
    const readers = [1, 2, 3].map(() => new FrameReader(1_000_000, { room }));
    for (const reader of readers) {
      const begun = frame(new Uint8Array(1_000_000)).subarray(0, 60_000);
      expect(readAll(reader, [begun]).reason).toBeUndefined();
    }
    expect(readAll(readers[0] as FrameReader, [new Uint8Array(60_000)]).reason).toBe(NO_ROOM);
  });
});

test('the first frame of a connection has a limit of its own', () => {
  const reader = (): FrameReader => new FrameReader(LIMIT, { firstBodyBytesMax: 10 });
  const [short, long] = [frame(new Uint8Array(10)), frame(new Uint8Array(11))];
  expect(readAll(reader(), [long])).toEqual({
    bodies: [],
    reason: 'a frame of 11 bytes, over the limit of 10',
  });
  expect(readAll(reader(), [short, long, long]).bodies).toHaveLength(3);
});
