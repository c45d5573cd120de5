/**
 * The stock of a shop with two tills that goes on selling while its network is down. What is sold is not a number that
 * both tills would overwrite: each sale is an entry of its own, under the name of its till, so that nothing is lost when
 * they meet again. The price list is shared; for a price, the later change wins.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConditionError, type Node, openNode } from 'boato';

/** `stock/ARTICLE/in/…` came in, `stock/ARTICLE/out/…` was sold. */
async function left(node: Node, article: string): Promise<number> {
  let count = 0;
  for await (const { key, value } of node.entries({ prefix: `stock/${article}/` })) {
    count += key.split('/')[2] === 'in' ? Number(value) : -Number(value);
  }
  return count;
}

/** A delivery is booked once, however often its note is scanned on this till. */
async function book(node: Node, article: string, note: string, count: number): Promise<boolean> {
  try {
    await node.put(`stock/${article}/in/${note}`, count, { ifAbsent: true });
    return true;
  } catch (error) {
    if (error instanceof ConditionError) return false;
    throw error;
  }
}

/** A receipt has a number of its own till: two tills never write the same key. */
async function sell(node: Node, receipt: number, article: string, count: number): Promise<void> {
  await node.batch([
    { type: 'put', key: `stock/${article}/out/${node.nodeId}-${receipt}`, value: count },
    { type: 'put', key: `receipt/${node.nodeId}/${receipt}`, value: { article, count } },
  ]);
}

const dir = await mkdtemp(join(tmpdir(), 'offline-stock-'));
// Without membership a till does not find its peers again by itself: to name none is to be cut off.
const open = (name: string, peers: readonly string[]): Promise<Node> =>
  openNode({ dir: join(dir, name), nodeId: name, peers, membership: false });
let till1 = await open('till-1', []);
let till2 = await open('till-2', [till1.address]);
try {
  await book(till1, 'coffee', 'note-77', 40);
  console.log(`scanned again: ${(await book(till1, 'coffee', 'note-77', 40)) ? 'booked twice' : 'known'}`);
  await till1.put('price/coffee', 6.5);
  await till2.sync();
  console.log(`till-2 knows of ${await left(till2, 'coffee')} coffees`);

  // The network goes down: till 2 is restarted without its peer. Both go on.
  await till2.close();
  till2 = await open('till-2', []);
  await sell(till1, 1, 'coffee', 3);
  await sell(till2, 1, 'coffee', 5);
  await sell(till2, 2, 'coffee', 2);
  await till2.put('price/coffee', 7);
  console.log(`apart: till-1 counts ${await left(till1, 'coffee')}, till-2 ${await left(till2, 'coffee')}`);

  // It is back, and so is till 2; till 1 was switched off overnight.
  await till1.close();
  till1 = await open('till-1', [till2.address]);
  await till1.sync({ wait: true });
  console.log(
    `together: till-1 counts ${await left(till1, 'coffee')}, till-2 ${await left(till2, 'coffee')}`,
  );
  console.log('the price is', await till1.get('price/coffee'), 'on both:', await till2.get('price/coffee'));
  console.log(`receipts: ${await till1.count({ prefix: 'receipt/' })}`);
} finally {
  await Promise.all([till1.close(), till2.close()]);
  await rm(dir, { recursive: true });
}
