import { expect, test } from 'vitest';
import { settle } from '../../src/adapters/simulated-clock.ts';
import { Turns } from '../../src/gossip/turns.ts';

test('so many run at once, the others in their order, also after one that failed', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const all = [0, 1, 2, 3, 4].map((number) =>
    turns
      .run(() => {
        begun.push(number);
        return new Promise<void>((resolve, reject) => {
          ends[number] = (error) => (error === undefined ? resolve() : reject(error));
        });
      })
      .catch((error: Error) => error.message),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.(new Error('it broke'));
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.();
  ends[2]?.();
  await settle();
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  ends[3]?.();
  ends[4]?.();
  expect(await Promise.all(all)).toEqual([undefined, 'it broke', undefined, undefined, undefined]);
  void turns.run(async () => void begun.push(5));
  expect(begun).toHaveLength(6);
});
