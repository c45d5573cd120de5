import { expect, onTestFinished, test } from 'vitest';
import { DISK_FULL } from '../support/failing-disk.ts';
import { logUntil, openFaultyNode } from './faulty-node.ts';
import { temporaryDir } from './temporary-store.ts';

const VALUE = 'v'.repeat(10_000);

test('reads of every kind go on while LevelDB is closed and opened again under them', async () => {
  const { log, told } = logUntil('The store was opened again');
  const node = await openFaultyNode(await temporaryDir(), 1, DISK_FULL, { log });
  onTestFinished(() => node.close());
  const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
  await node.batch(keys.map((key) => ({ type: 'put', key, value: VALUE })));
  const progress = { isOver: false, reads: 0 };
  const reading = async (read: () => Promise<unknown>, expected: unknown): Promise<void> => {
    while (!progress.isOver) {
      expect(await read()).toEqual(expected);
      progress.reads++;
    }
  };
  const scans: unknown[] = [];
  const scanning = async (): Promise<void> => {
    while (!progress.isOver) scans.push(await countBy(node.entries()).catch((error: unknown) => error));
  };
  const readers = [
    reading(() => node.get('k7'), VALUE),
    reading(() => node.getMany(['k1', 'none']), [VALUE, undefined]),
    reading(() => node.count(), 300),
    reading(() => node.count({ prefix: 'k1' }), 111),
    scanning(),
  ];
  await expect(node.put('k', 'refused')).rejects.toMatchObject({ code: 'STORE_FENCED', cause: DISK_FULL });
  await told;
  const { reads } = progress;
  await node.put('k7', VALUE);
  progress.isOver = true;
  await Promise.all(readers);
  expect(progress.reads).toBeGreaterThan(reads);
  const failed = scans.filter((scan) => scan !== 300);
  expect(failed.length).toBeLessThanOrEqual(1);
  expect(failed).toEqual(failed.map(() => expect.objectContaining({ code: 'STORE_FENCED' })));
});

async function countBy(entries: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of entries) count++;
  return count;
}
