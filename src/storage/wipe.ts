/** Removes everything but a node's identity; a crash in the middle is finished at the next opening. */

import type { OrderedStore, WriteOperation } from '../ports/ordered-store.ts';
import { seal } from './checksum.ts';
import { ALL_BUT_META, metaKey } from './keyspace.ts';

/** Records a batch. */
const PAGE = 2000;
const WIPING = metaKey('wiping');

export async function isWiping(store: OrderedStore): Promise<boolean> {
  return (await store.get(WIPING)) !== undefined;
}

/** Afterwards the store is as a new one of the same identity; any failure must fence it. */
export async function wipe(store: OrderedStore): Promise<void> {
  await store.write([{ type: 'put', key: WIPING, value: seal(WIPING, new Uint8Array(0)) }], { sync: true });
  const scan = store.scan({ ...ALL_BUT_META, keysOnly: true });
  try {
    for (let page = await scan.next(PAGE); page.length > 0; page = await scan.next(PAGE)) {
      await store.write(
        page.map(([key]): WriteOperation => ({ type: 'del', key })),
        { sync: true },
      );
    }
  } finally {
    await scan.close();
  }
  await store.write(
    [
      { type: 'del', key: metaKey('state') },
      { type: 'del', key: WIPING },
    ],
    { sync: true },
  );
}
