import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { ByteReader } from '../../src/core/byte-reader.ts';
import { readCorpus } from './corpus.ts';
import { fuzzTarget } from './fuzz-target.ts';
import { judge } from './judge.ts';
import { Mutator } from './mutate.ts';
import { checkRoundTrip, isMalformed, type Target } from './target.ts';
import { TARGETS } from './targets.ts';

describe('a decoder keeps its promises on all that fuzzing has found so far', () => {
  test.each(Object.keys(TARGETS))('%s', async (name) => {
    const target = TARGETS[name] as Target;
    const corpus = await readCorpus(name);
    expect(corpus.length).toBeGreaterThan(1);
    for (const { bytes } of corpus) await judge(target, bytes);
  });

  test.each(Object.keys(TARGETS))(
    '%s: its well-formed inputs are in the corpus as the code makes them',
    async (name) => {
      const known = (await readCorpus(name)).map(({ bytes }) => Buffer.from(bytes).toString('hex'));
      for (const bytes of Object.values((TARGETS[name] as Target).seeds()))
        expect(known).toContain(Buffer.from(bytes).toString('hex'));
    },
  );
});

/** Without coverage: finds what a few thousand changes find. */
function campaign(run: Target['run'], seconds = 20): ReturnType<typeof fuzzTarget> {
  const target = { run, seeds: () => ({}) };
  const corpus = [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)];
  const instruments = { hasReachedMore: () => false, onInput: () => {} };
  return fuzzTarget(target, { corpus, seconds, seed: 1 }, instruments);
}

describe('the fuzzer finds, and makes small,', () => {
  test('an error of another kind than documented', async () => {
    const { found } = await campaign((input) => {
      if (input.includes(0xff)) throw new RangeError('too far');
    });
    expect(found).toMatchObject({ error: { message: 'an undocumented error: RangeError: too far' } });
    expect(found?.input).toEqual(Uint8Array.of(0xff));
  });

  test('a value that comes back as another one', async () => {
    const { found } = await campaign(
      (input) =>
        void checkRoundTrip(input, {
          decode: (bytes) => new ByteReader(bytes).byte() % 128,
          encode: (value) => Uint8Array.of(value === 100 ? 101 : value),
          refuses: isMalformed,
        }),
    );
    expect(found?.error.message).toBe('a value comes back as another one');
    expect(found?.input).toHaveLength(1);
  });

  test('memory out of proportion', async () => {
    let held: unknown;
    const { found } = await campaign((input) => {
      held = new Uint8Array(input.length > 2 ** 16 ? 400 * 2 ** 20 : 1);
    });
    expect(found?.error.message).toBe('it takes too much memory');
    expect(held).toBeDefined();
  });
});

test('the same seed makes the same inputs', () => {
  const [a, b] = [new Mutator(createSeededRandom(7)), new Mutator(createSeededRandom(7))];
  const input = Uint8Array.of(1, 2, 3);
  for (let at = 0; at < 100; at++) expect(a.mutate(input, input, 100)).toEqual(b.mutate(input, input, 100));
});
