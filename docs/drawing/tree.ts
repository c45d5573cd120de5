/** A comparison: sixteen ways down from the root to the buckets that differ. */

import { box, line, lines, type Picture, text } from './svg.ts';

const LEFT = 110;
const CELL = 27;
const FAN = 16;
const TOP = 56;
const LEVEL = 74;

/** Which child differs, on each level. */
const DIFFERS = [5, 11] as const;

function level(at: number, differing: number): readonly string[] {
  const y = TOP + LEVEL * (at + 1);
  return Array.from({ length: FAN }, (_, child) =>
    box(LEFT + child * CELL, y, CELL - 4, 24, child === differing ? 'red' : 'grey'),
  );
}

function fan(fromX: number, fromY: number, toY: number): readonly string[] {
  return [line(fromX, fromY, LEFT, toY, 'faint'), line(fromX, fromY, LEFT + FAN * CELL - 4, toY, 'faint')];
}

const middleOf = (child: number): number => LEFT + child * CELL + (CELL - 4) / 2;
const BUCKET_Y = TOP + LEVEL * 3;

export const tree: Picture = {
  name: 'tree',
  title: 'A comparison tree',
  description:
    'Each side adds up the hashes of its entries in buckets by the hash of the key, and the buckets sixteen ways up to a root. Where the sums of the root differ, the sixteen sums below it are asked for; one of them differs, and the sixteen below that one; one of these differs: it is a bucket. Of this bucket the key and dot of each entry are listed, and only entries that differ are fetched.',
  height: BUCKET_Y + 84,
  shapes: [
    text(16, 26, 'Where do two sets of entries differ? Sums of hashes, sixteen ways down', 'head'),
    box(LEFT + (FAN * CELL) / 2 - 42, TOP, 80, 24, 'red', 'root'),
    ...fan(LEFT + (FAN * CELL) / 2 - 2, TOP + 24, TOP + LEVEL),
    ...level(0, DIFFERS[0]),
    ...fan(middleOf(DIFFERS[0]), TOP + LEVEL + 24, TOP + LEVEL * 2),
    ...level(1, DIFFERS[1]),
    line(middleOf(DIFFERS[1]), TOP + LEVEL * 2 + 24, middleOf(DIFFERS[1]), BUCKET_Y, 'faint'),
    box(LEFT, BUCKET_Y, FAN * CELL - 4, 28, 'amber', 'this bucket: about 16 entries, as (key, dot)'),
    lines(LEFT + FAN * CELL + 10, TOP + 16, ['sum of everything']),
    lines(LEFT + FAN * CELL + 10, TOP + LEVEL + 8, ['sums: 16 hashes, one differs,', 'and is looked into']),
    lines(LEFT + FAN * CELL + 10, TOP + LEVEL * 2 + 8, [
      'sums: one differs; at this',
      'depth each is a bucket',
    ]),
    lines(LEFT + FAN * CELL + 10, BUCKET_Y + 10, ['list, then fetch', 'what was not seen']),
    lines(16, BUCKET_Y + 56, [
      'The depth is the least at which about 16 entries fall into a bucket: 256 buckets here, at most 16⁵ (1,048,576).',
    ]),
  ],
};
