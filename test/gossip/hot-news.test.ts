import { expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { HotNews } from '../../src/gossip/hot-news.ts';

test('no more is told to a peer at once than one message may carry: the rest comes with the next', () => {
  const hot = new HotNews<string>({
    random: createSeededRandom(1),
    fanout: 1,
    unneededMax: 4,
    itemsMax: 2,
    nameOf: (item) => item,
    bytesOf: () => 1,
  });
  for (const item of ['1', '2', '3']) hot.add(item);
  const [peer] = ['a'] as [NodeId];
  const told = [1, 2, 3].map(() =>
    hot
      .tellings([peer])
      .get(peer)
      ?.map(({ item }) => item),
  );
  expect(told).toEqual([['1', '2'], ['3'], undefined]);
});
