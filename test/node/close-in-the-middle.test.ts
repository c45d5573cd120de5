/** Closed in the middle of everything: each call ends, in what it asked for or in an error with a code, and nothing is left. */

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BoatoError, type Node, openNode, restoreStore, type Store, typed } from '../../src/index.ts';
import { NOBODY } from './ports.ts';
import { temporaryDir, temporaryStore } from './temporary-store.ts';

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items) continue;
}

/** One of every call that there is. `foreign`: the token of a write that never comes. */
function everything(node: Node, dir: string, foreign: string): Promise<unknown>[] {
  const schema = {
    '~standard': { version: 1, vendor: 'hand', validate: async (value: unknown) => ({ value }) },
  } as const;
  const numbers = typed(node, { prefix: 'n/', schema });
  const left = node.entries();
  return [
    node.put('k', 1),
    node.put('k', 2, { ifAbsent: true }),
    node.get('k'),
    node.get('k', { after: foreign, timeoutMs: 1_000_000 }),
    node.getEntry('k'),
    node.getMany(['k', 'l'], { after: foreign }),
    node.del('k', { ifVersion: 5 }),
    node.batch([{ type: 'put', key: 'l', value: 'v'.repeat(100_000) }]),
    drain(node.entries({ prefix: 'many/' })),
    drain(node.entries({ after: foreign })),
    // Begun, and never read on.
    left.next(),
    node.count(),
    node.count({ prefix: 'many/' }),
    node.status(),
    node.collect(),
    node.repairClock(),
    node.compact(),
    node.backup(join(dir, '..', 'backup')),
    drain(node.backupStream()),
    node.verify(),
    node.verify({ repair: true }),
    node.sync(),
    node.sync({ wait: true }),
    numbers.put('a', 1),
    numbers.get('a', { after: foreign }),
    drain(numbers.entries()),
  ];
}

test.each([0, 1, 3, 10, 30, 100])('a node that is closed after %d turns', async (turns) => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  onTestFinished(() => void process.off('unhandledRejection', onUnhandled));

  const { token } = await (await temporaryStore({ nodeId: 'stranger' })).put('k', 1);
  const dir = await temporaryDir();
  const other = await openNode({ dir: await temporaryDir(), gossipIntervalMs: 10 });
  await other.batch(
    Array.from({ length: 2000 }, (_, at) => ({ type: 'put', key: `many/${at}`, value: 'v'.repeat(300) })),
  );
  const node = await openNode({ dir, peers: [other.address, NOBODY[0]], gossipIntervalMs: 10 });
  const begun = everything(node, dir, token);
  // What is told of a failure that nobody awaits yet, would be told of the test.
  const outcomes = Promise.allSettled(begun);
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([node.close(), other.close()]);
  const failures = (await outcomes).flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  );
  expect(failures.filter((error) => !(error instanceof BoatoError))).toEqual([]);
  expect(await node.stopped).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);

  const again: Store = await temporaryStore({ dir });
  expect(await again.verify()).toMatchObject({ sound: true });
});

test('an opening that is closed at once', async () => {
  for (let run = 0; run < 5; run++) {
    const node = await openNode({ dir: await temporaryDir(), peers: [NOBODY[0]], gossipIntervalMs: 10 });
    await node.close();
  }
});

test('a restore whose source is closed in the middle fails with a code', async () => {
  const store = await temporaryStore();
  await store.batch(
    Array.from({ length: 600 }, (_, at) => ({ type: 'put', key: `k${at}`, value: 'v'.repeat(4000) })),
  );
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of store.backupStream()) {
      yield piece;
      await store.close();
    }
  }
  await expect(restoreStore(pieces(), { dir: await temporaryDir() })).rejects.toBeInstanceOf(BoatoError);
});
