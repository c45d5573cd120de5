import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitLines, type Line } from '../../src/server/split-lines.ts';

async function* cut(
  bytes: Uint8Array,
  lengths: readonly number[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let from = 0;
  for (const length of lengths) {
    yield bytes.subarray(from, from + length);
    from += length;
  }
  yield bytes.subarray(from);
}

async function split(bytes: Uint8Array, lengths: readonly number[] = [], max?: number): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const some of splitLines(cut(bytes, lengths), max)) lines.push(...some);
  return lines;
}

const utf8 = new TextEncoder();

it('gives the same lines however the stream is cut', async () => {
  const line = fc
    .string({ unit: 'grapheme' })
    .map((text) => text.replaceAll('\n', '').replace(/^\uFEFF/u, ''));
  const lengths = fc.array(fc.nat({ max: 20 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.boolean(), lengths, async (texts, hasEnd, cuts) => {
      const bytes = utf8.encode(texts.join('\n') + (hasEnd ? '\n' : ''));
      const lines = await split(bytes, cuts);
      const expected = texts.flatMap((text, at) => (text.trim() === '' ? [] : [[at + 1, text]]));
      expect(lines.map(({ number, text }) => [number, text])).toStrictEqual(expected);
    }),
  );
});

it('counts the bytes of lines with their ends', async () => {
  const lines = await split(utf8.encode('é\nab\r\nc'));
  expect(lines.map(({ bytes }) => bytes)).toStrictEqual([3, 4, 1]);
});

it('takes a byte order mark off the first line only', async () => {
  const lines = await split(utf8.encode('\uFEFFa\n\uFEFFb\n'));
  expect(lines.map(({ text }) => text)).toStrictEqual(['a', '\uFEFFb']);
});

it('passes over a line of one byte too many, and none of just enough, without keeping it', async () => {
  const lines = await split(utf8.encode('1234\n12345\n1'), [2, 1, 4], 4);
  expect(lines).toStrictEqual([
    { number: 1, bytes: 5, text: '1234' },
    { number: 2, bytes: 6, invalid: 'it is longer than 4 bytes' },
    { number: 3, bytes: 1, text: '1' },
  ]);
});

it('tells which line is not UTF-8', async () => {
  const lines = await split(new Uint8Array([0x61, 0x0a, 0xff, 0x0a, 0x62]));
  expect(lines.map(({ number, invalid }) => [number, invalid])).toStrictEqual([
    [1, undefined],
    [2, 'it is not UTF-8'],
    [3, undefined],
  ]);
});
