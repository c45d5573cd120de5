/** Yjs documents: what is stored of them, and what comes back. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import { counterOf, setOf, type Store, type Value } from '../../src/index.ts';
import { type DocumentOptions, openDocument, type StoredDocument } from '../../src/views/document.ts';
import { keysOf, temporaryDir, temporaryNode, temporaryStore } from '../node/temporary-store.ts';

/** Entries are put together when there are so many at the latest. */
const ENTRIES_MAX = 128;

async function opened(store: Store, name: string, options?: DocumentOptions): Promise<StoredDocument> {
  const document = await openDocument(store, name, options);
  onTestFinished(() => document.close().catch(() => {}));
  return document;
}

function textOf({ doc }: { readonly doc: Y.Doc }): string {
  return doc.getText('body').toJSON();
}

/** A change and an entry for each word. */
async function write(document: StoredDocument, words: readonly string[]): Promise<void> {
  for (const word of words) {
    document.doc.getText('body').insert(0, word);
    await document.saved();
  }
}

/** Resolves when the text is so; what comes from elsewhere comes in its own time. */
function isText({ doc }: StoredDocument, text: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (doc.getText('body').toJSON() !== text) return;
      doc.off('update', look);
      resolve();
    };
    doc.on('update', look);
    look();
  });
}

describe('a document', () => {
  test('is there again when its store is opened again', async () => {
    const dir = await temporaryDir();
    const store = await temporaryStore({ dir });
    const document = await opened(store, 'notes/1');
    document.doc.getText('body').insert(0, 'Good morning');
    document.doc.getMap('meta').set('title', 'Notes');
    await document.saved();
    await store.close();
    const again = await opened(await temporaryStore({ dir }), 'notes/1');
    expect(again.doc.toJSON()).toEqual({});
    expect([textOf(again), again.doc.getMap('meta').toJSON()]).toEqual(['Good morning', { title: 'Notes' }]);
  });

  test('has one entry for changes that are made in the same moment', async () => {
    const store = await temporaryStore();
    const document = await opened(store, 'notes/1');
    for (const letter of 'hello') document.doc.getText('body').insert(0, letter);
    await document.saved();
    expect(await keysOf(store)).toEqual([expect.stringMatching(/^notes\/1\/[A-Za-z0-9_-]{16}-0$/)]);
  });

  test('is the same on two nodes that both change it', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    const [here, there] = [await opened(a, 'notes/1'), await opened(b, 'notes/1')];
    here.doc.getArray('list').push(['a']);
    there.doc.getArray('list').push(['b']);
    await write(here, ['one']);
    await write(there, ['two']);
    await b.sync({ wait: true });
    await Promise.all([isText(here, textOf(there)), isText(there, textOf(here))]);
    expect(textOf(here)).toMatch(/^(onetwo|twoone)$/);
    expect(here.doc.getArray('list').toJSON()).toEqual(there.doc.getArray('list').toJSON());
  });

  test('comes to all of its handles, and what one of them is told is not stored again', async () => {
    const store = await temporaryStore();
    const [one, other] = [await opened(store, 'notes/1'), await opened(store, 'notes/1')];
    await write(one, ['x']);
    await isText(other, 'x');
    await write(other, ['y']);
    await isText(one, 'yx');
    expect(await store.count()).toBe(2);
  });

  test('is put together once there are many entries, and nothing of it is lost', async () => {
    const store = await temporaryStore();
    const document = await opened(store, 'notes/1');
    const words = Array.from({ length: 3 * ENTRIES_MAX }, (_, at) => `${at},`);
    let most = 0;
    for (const word of words) {
      await write(document, [word]);
      most = Math.max(most, await store.count());
    }
    expect(most).toBeGreaterThanOrEqual(ENTRIES_MAX / 2);
    expect(most).toBeLessThanOrEqual(ENTRIES_MAX);
    expect(textOf(await opened(store, 'notes/1'))).toBe(words.toReversed().join(''));
  });

  test('is put together on a node from entries of others, too', async () => {
    const store = await temporaryNode();
    const one = await opened(store, 'notes/1');
    await write(
      one,
      Array.from({ length: ENTRIES_MAX / 2 - 1 }, () => 'a'),
    );
    const other = await opened(store, 'notes/1');
    await write(
      other,
      Array.from({ length: ENTRIES_MAX }, () => 'b'),
    );
    await expect.poll(() => store.count()).toBeLessThanOrEqual(ENTRIES_MAX);
    const third = await opened(store, 'notes/1');
    expect(textOf(third)).toBe('b'.repeat(ENTRIES_MAX) + 'a'.repeat(ENTRIES_MAX / 2 - 1));
    await isText(one, textOf(third));
  });

  test('stays in pieces where it is larger than a value may be', async () => {
    const store = await temporaryStore({ limits: { valueBytesMax: 1000 } });
    const document = await opened(store, 'notes/1');
    const words = Array.from({ length: 2 * ENTRIES_MAX }, (_, at) => `${at}${'.'.repeat(50)}`);
    await write(document, words);
    expect(await store.count()).toBe(words.length);
    expect(textOf(await opened(store, 'notes/1'))).toBe(words.toReversed().join(''));
  });

  test('is another one than that of a longer name', async () => {
    const store = await temporaryStore();
    await write(await opened(store, 'notes/1'), ['short']);
    await write(await opened(store, 'notes'), ['long']);
    await write(await opened(store, 'notes/1/x'), ['longer']);
    expect(textOf(await opened(store, 'notes/1'))).toBe('short');
    expect(textOf(await opened(store, 'notes'))).toBe('long');
  });
});

describe('a document that is brought along', () => {
  test('gets what is stored, and what it holds beyond that is stored, but nothing twice', async () => {
    const store = await temporaryStore();
    await write(await opened(store, 'notes/1'), ['stored']);
    const doc = new Y.Doc();
    doc.getText('body').insert(0, 'brought');
    const document = await opened(store, 'notes/1', { doc });
    await document.saved();
    expect(document.doc).toBe(doc);
    expect(textOf(document)).toMatch(/^(broughtstored|storedbrought)$/);
    expect(await store.count()).toBe(2);
    expect(textOf(await opened(store, 'notes/1'))).toBe(textOf(document));
    await document.close();
    await (await opened(store, 'notes/1', { doc })).saved();
    expect(await store.count()).toBe(2);
  });

  test('keeps what was deleted if it is to', async () => {
    const store = await temporaryStore();
    const document = await opened(store, 'notes/1', { doc: new Y.Doc({ gc: false }) });
    await write(document, ['gone']);
    const before = Y.snapshot(document.doc);
    document.doc.getText('body').delete(0, 4);
    await document.saved();
    const { doc } = await opened(store, 'notes/1', { doc: new Y.Doc({ gc: false }) });
    expect(textOf({ doc })).toBe('');
    expect(textOf({ doc: Y.createDocFromSnapshot(doc, before) })).toBe('gone');
  });

  test('of another installation, or none, is refused', async () => {
    const store = await temporaryStore();
    await expect(openDocument(store, 'x', { doc: {} as Y.Doc })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'The option `doc` must be a document of the same installed `yjs`.',
    });
    await expect(openDocument(store, 'x', { dok: 1 } as object)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('a document that is closed', () => {
  test('has stored everything, is changed no more, and stores no more', async () => {
    const store = await temporaryStore();
    const [document, other] = [await opened(store, 'notes/1'), await opened(store, 'notes/1')];
    document.doc.getText('body').insert(0, 'x');
    await document.close();
    await document.close();
    expect(await document.stopped).toBeUndefined();
    await isText(other, 'x');
    document.doc.getText('body').insert(0, 'unknown');
    await write(other, ['y']);
    expect([textOf(document), textOf(other)]).toEqual(['unknownx', 'yx']);
    expect(textOf(await opened(store, 'notes/1'))).toBe('yx');
  });

  test('by its store ends without an error; what is changed later is told as not stored, and kept', async () => {
    const dir = await temporaryDir();
    const store = await temporaryStore({ dir });
    const unsaved: Error[] = [];
    const document = await opened(store, 'notes/1', { onUnsaved: (error) => unsaved.push(error) });
    const text = document.doc.getText('body');
    const closing = store.close();
    text.insert(0, 'late');
    await expect(document.saved()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(unsaved).toMatchObject([{ code: 'STORE_CLOSED' }]);
    await closing;
    expect(await document.stopped).toBeUndefined();
    text.insert(0, 'very ');
    await expect(document.saved()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(unsaved).toHaveLength(2);
    await expect(document.close()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    const again = await opened(await temporaryStore({ dir }), 'notes/1', { doc: document.doc });
    await again.saved();
    expect(textOf(again)).toBe('very late');
  });
});

test.each([0, 1, 2, 3, 4, 5, 6])(
  'a change %d steps after the write of all others has returned is saved, too',
  async (steps) => {
    const store = await temporaryStore();
    const returning: (() => void)[] = [];
    const slow = {
      watch: store.watch.bind(store),
      entries: store.entries.bind(store),
      put: (key: string, value: Value) =>
        new Promise((resolve) => {
          void store.put(key, value).then(() => returning.push(() => resolve(undefined)));
        }),
    };
    const document = await opened(slow as unknown as Store, 'notes/1');
    const text = document.doc.getText('body');
    text.insert(0, 'a');
    await vi.waitUntil(() => returning.length === 1, { interval: 5 });
    returning[0]?.();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    text.insert(0, 'b');
    await vi.waitUntil(() => returning.length === 2, { interval: 5 });
    returning[1]?.();
    await document.saved();
    expect(textOf(await opened(store, 'notes/1'))).toBe('ba');
  },
);

test('a document that is destroyed is closed', async () => {
  const store = await temporaryStore();
  const document = await opened(store, 'notes/1');
  document.doc.getText('body').insert(0, 'x');
  document.doc.destroy();
  expect(await document.stopped).toBeUndefined();
  await document.close();
  expect(textOf(await opened(store, 'notes/1'))).toBe('x');
});

test.each(['', undefined as never, 7 as never])('a name that is none is refused: %s', async (name) => {
  const store = await temporaryStore();
  await expect(openDocument(store, name)).rejects.toMatchObject({ code: 'INVALID_KEY' });
  for (const view of [counterOf, setOf])
    expect(() => view(store, name)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
});

describe('what is no document', () => {
  test.each([5, 'text', new Uint8Array([255, 255, 255])])(
    'is refused when it is opened: %s',
    async (value) => {
      const store = await temporaryStore();
      await store.put('notes/1/x', value);
      await expect(openDocument(store, 'notes/1')).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
        message: expect.stringContaining('no update of a Yjs document'),
      });
    },
  );

  test('ends what comes into one that is open, but not what is stored of it', async () => {
    const store = await temporaryStore();
    const document = await opened(store, 'notes/1');
    await store.put('notes/1/x', 5);
    expect(await document.stopped).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    await write(document, ['kept']);
    await store.del('notes/1/x');
    expect(textOf(await opened(store, 'notes/1'))).toBe('kept');
  });
});
