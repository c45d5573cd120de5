import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';

/** Computed by another program, in another language, after the papers. */
const SEQUENCES: [seed: number, first: number[], thousandth: number][] = [
  [0, [1_789_933_344, 44_971_166, 2_521_387_044, 3_848_737_593, 1_138_324_114, 749_234_105], 1_312_086_629],
  [
    1,
    [393_288_148, 2_174_103_013, 3_814_759_091, 2_092_745_082, 1_865_176_206, 2_179_171_167],
    4_071_296_275,
  ],
  [
    0xffff_ffff,
    [4_104_197_751, 1_825_856_343, 1_152_209_388, 2_427_537_429, 3_685_145_430, 609_215_610],
    695_274_267,
  ],
];

function draw(seed: number, count: number): number[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => random.uint32());
}

describe('a seed', () => {
  test.each(SEQUENCES)(
    '%i gives the sequence of xoshiro128** 1.1 after splitmix32',
    (seed, first, thousandth) => {
      const drawn = draw(seed, 1000);
      expect(drawn.slice(0, 6)).toEqual(first);
      expect(drawn.at(-1)).toBe(thousandth);
    },
  );

  test('gives fractions that are its integers, divided', () => {
    const random = createSeededRandom(1);
    expect([random.fraction(), random.fraction()]).toEqual([393_288_148 / 2 ** 32, 2_174_103_013 / 2 ** 32]);
  });

  test('counts with its lowest 32 bits', () => {
    expect(draw(-1, 4)).toEqual(draw(0xffff_ffff, 4));
    expect(draw(2 ** 32 + 1, 4)).toEqual(draw(1, 4));
  });

  test('gives each sequence to itself: drawing from one does not move another', () => {
    const [one, other] = [createSeededRandom(1), createSeededRandom(1)];
    one.uint32();
    one.uint32();
    expect(other.uint32()).toBe(393_288_148);
  });
});
