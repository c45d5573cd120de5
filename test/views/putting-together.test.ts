/** When the many entries of a document give way to one: what is deleted, all hold in another one. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { Doc, encodeStateAsUpdate } from 'yjs';
import { systemRandom } from '../../src/adapters/system-random.ts';
import {
  type Node,
  type PeerStatus,
  type PutOptions,
  type PutResult,
  type Store,
  TooFewAcksError,
  type Value,
} from '../../src/index.ts';
import { openDocument, type StoredDocument } from '../../src/views/document.ts';
import { UpdateLog } from '../../src/views/update-log.ts';
import { contentsOf, keysOf, temporaryDir, temporaryNode, temporaryStore } from '../node/temporary-store.ts';

async function opened(store: Store): Promise<StoredDocument> {
  const document = await openDocument(store, 'notes/1');
  onTestFinished(() => document.close().catch(() => {}));
  return document;
}

/** A change and an entry for each. */
async function write(
  document: Pick<StoredDocument, 'doc' | 'saved'>,
  count: number,
  letter: string,
): Promise<void> {
  for (let at = 0; at < count; at++) {
    document.doc.getText('body').insert(0, letter);
    await document.saved();
  }
}

/** How many of each letter are stored. */
async function lettersIn(store: Store): Promise<Record<string, number>> {
  const letters: Record<string, number> = {};
  for (const letter of (await opened(store)).doc.getText('body').toJSON())
    letters[letter] = (letters[letter] ?? 0) + 1;
  return letters;
}

function untilCount(store: Store, count: number): Promise<void> {
  return expect.poll(() => store.count(), { timeout: 10_000 }).toBe(count);
}

function untilPeer(node: Node, state: PeerStatus['state'], isSo: boolean): Promise<void> {
  const look = async (): Promise<boolean> =>
    (await node.status()).peers.every((peer) => peer.state === state);
  return expect.poll(look, { timeout: 10_000 }).toBe(isSo);
}

async function pair(): Promise<readonly [a: Node, b: Node]> {
  const a = await temporaryNode({ nodeId: 'a' });
  const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
  await b.sync({ wait: true });
  return [a, b];
}

interface Asked {
  readonly acks: number;
  readonly answer: (isEnough: boolean) => void;
}

/** Its writes that ask for other nodes are answered by the test. */
function holdingBack(node: Node): { readonly node: Node; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const put = async (key: string, value: Value, options?: PutOptions): Promise<PutResult> => {
    const result = await node.put(key, value);
    const { acks } = options ?? {};
    if (acks === undefined) return result;
    return new Promise((resolve, reject) => {
      const tooFew = new TooFewAcksError({ acks, timeoutMs: 1 }, result);
      asked.push({ acks, answer: (isEnough) => (isEnough ? resolve(result) : reject(tooFew)) });
    });
  };
  const get = (target: Node, name: string | symbol): unknown => {
    if (name === 'put') return put;
    const member: unknown = Reflect.get(target, name, target);
    return typeof member === 'function' ? member.bind(target) : member;
  };
  return { node: new Proxy(node, { get }), asked };
}

function untilAsked(asked: readonly Asked[], times: number): Promise<void> {
  return expect.poll(() => asked.length).toBe(times);
}

/** It is put together when there are as many and a half. */
async function openedWith(store: Store, entriesMin: number): Promise<UpdateLog> {
  const random = { uint32: () => systemRandom.uint32(), fraction: () => 0.5 };
  const onUnsaved = (): void => {};
  const log = new UpdateLog(new Doc(), { store, prefix: 'notes/1/', random, entriesMin, onUnsaved });
  await log.open();
  onTestFinished(() => log.close().catch(() => {}));
  return log;
}

describe('a document on a node is put together', () => {
  test('once all nodes hold that', async () => {
    const [a, b] = await pair();
    await write(await openedWith(a, 2), 3, 'x');
    for (const node of [a, b]) await untilCount(node, 1);
    for (const node of [a, b]) expect(await lettersIn(node)).toEqual({ x: 3 });
  });

  test('by two nodes at once, and nothing of it is lost', async () => {
    const [a, b] = await pair();
    const [here, there] = [await openedWith(a, 2), await openedWith(b, 2)];
    await Promise.all([write(here, 20, 'x'), write(there, 20, 'y')]);
    // What came while some were put together is so with the next changes only.
    let more = 0;
    const countAfterMore = async (): Promise<number> => {
      await Promise.all([write(here, 1, 'x'), write(there, 1, 'y')]);
      more++;
      return Math.max(await a.count(), await b.count());
    };
    await expect.poll(countAfterMore, { timeout: 10_000 }).toBeLessThan(20);
    for (const node of [a, b]) await node.sync({ wait: true });
    for (const node of [a, b]) expect(await lettersIn(node)).toEqual({ x: 20 + more, y: 20 + more });
  });

  test.each([true, false])(
    'not while another is away, but when it is back (membership: %s)',
    async (membership) => {
      const a = await temporaryNode({ nodeId: 'a', membership });
      const other = { nodeId: 'b', dir: await temporaryDir(), peers: [a.address], membership };
      const b = await temporaryNode(other);
      await b.sync({ wait: true });
      await b.close();
      await untilPeer(a, 'connected', false);
      const document = await openedWith(a, 2);
      await write(document, 20, 'x');
      expect(await a.count()).toBe(20);
      const back = await temporaryNode(other);
      await back.sync({ wait: true });
      await untilPeer(a, 'connected', true);
      await write(document, 3, 'x');
      await expect.poll(() => a.count(), { timeout: 10_000 }).toBeLessThanOrEqual(3);
      await back.sync({ wait: true });
      for (const node of [a, back]) expect(await lettersIn(node)).toEqual({ x: 23 });
    },
  );

  test('not by a node that has reached none of its peers yet: others may have what it has', async () => {
    const node = await temporaryNode({ peers: ['127.0.0.1:1'] });
    await write(await openedWith(node, 2), 20, 'x');
    expect(await node.count()).toBe(20);
  });

  test('while neither changes nor closing it wait for that', async () => {
    const { node, asked } = holdingBack(await temporaryNode());
    const document = await openedWith(node, 2);
    await write(document, 3, 'x');
    await untilAsked(asked, 1);
    await write(document, 5, 'x');
    await document.close();
    expect(await node.count()).toBe(3 + 1 + 5);
    asked[0]?.answer(true);
    await untilCount(node, 1 + 5);
    expect(await lettersIn(node)).toEqual({ x: 8 });
  });

  test('later, after twice as many changes, where too few hold it in time', async () => {
    const { node, asked } = holdingBack(await temporaryNode());
    const document = await openedWith(node, 2);
    await write(document, 3, 'x');
    await untilAsked(asked, 1);
    asked[0]?.answer(false);
    await write(document, 5, 'x');
    expect([asked.length, await node.count()]).toEqual([1, 3 + 1 + 5]);
    await write(document, 1, 'x');
    await untilAsked(asked, 2);
    asked[1]?.answer(true);
    await untilCount(node, 1);
    expect(await lettersIn(node)).toEqual({ x: 9 });
  });

  test('later, where somebody joins meanwhile, who may have been counted instead of another one', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    const { node, asked } = holdingBack(a);
    const document = await openedWith(node, 2);
    await write(document, 3, 'x');
    await untilAsked(asked, 1);
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    await b.sync({ wait: true });
    asked[0]?.answer(true);
    await write(document, 5, 'x');
    expect(await node.count()).toBe(3 + 1 + 5);
    await write(document, 1, 'x');
    await untilAsked(asked, 2);
    expect(asked.map(({ acks }) => acks)).toEqual([1, 2]);
    asked[1]?.answer(true);
    await untilCount(node, 1);
  });

  test('the more seldom, the less an opening writes, where there is much already', async () => {
    const node = await temporaryNode();
    for (let at = 0; at < 40; at++) await node.put(`notes/1/x-${at}`, encodeStateAsUpdate(new Doc()));
    const document = await openedWith(node, 10);
    await write(document, 4, 'x');
    expect(await node.count()).toBe(44);
    await write(document, 1, 'x');
    await untilCount(node, 1);
  });

  test('though there is more of it than a batch may have', async () => {
    const node = await temporaryNode({ limits: { batchEntriesMax: 500 } });
    const entries = Array.from({ length: 1100 }, (_, at) => ({
      type: 'put' as const,
      key: `notes/1/x-${at}`,
      value: encodeStateAsUpdate(new Doc()),
    }));
    for (let at = 0; at < 1100; at += 500) await node.batch(entries.slice(at, at + 500));
    await write(await openedWith(node, 2), 1, 'x');
    await untilCount(node, 1);
    expect(await lettersIn(node)).toEqual({ x: 1 });
  });
});

describe('a document on a store that is no node', () => {
  test('keeps what others have written, or earlier openings: other nodes may have that', async () => {
    const dir = await temporaryDir();
    const earlier = await temporaryStore({ dir });
    await write(await openedWith(earlier, 2), 2, 'before');
    await earlier.close();
    const store = await temporaryStore({ dir });
    const before = await keysOf(store);
    const document = await openedWith(store, 2);
    await write(document, 12, 'x');
    await document.close();
    const contents = await contentsOf(store);
    expect([...contents.keys()]).toEqual(expect.arrayContaining(before));
    expect(contents.size - before.length).toBeLessThanOrEqual(4);
    // Else each opening would store all of it again.
    for (const key of before) contents.delete(key);
    expect(String([...contents.values()].map((value) => Buffer.from(value as Uint8Array)))).not.toContain(
      'before',
    );
    expect(await lettersIn(store)).toMatchObject({ x: 12, b: 2 });
  });
});
