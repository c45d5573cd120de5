import { describe, expect, it } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import {
  IMPORT_BYTES_MAX,
  IMPORT_WRITES_MAX,
  importLines,
  type ImportEvent,
  type ImportOptions,
  type ImportSummary,
} from '../../src/server/import-lines.ts';
import { FakeNode } from './fake-node.ts';

interface Imported {
  readonly node: FakeNode;
  readonly summary: ImportSummary;
  readonly events: readonly ImportEvent[];
}

async function importText(
  source: string | AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
  node: FakeNode = new FakeNode(),
): Promise<Imported> {
  const events: ImportEvent[] = [];
  const bytes = typeof source === 'string' ? pieces([source]) : source;
  const summary = await importLines(node, bytes, options, (event) => void events.push(event));
  return { node, summary, events };
}

async function* pieces(texts: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield Buffer.from(text);
}

async function* brokenBehind(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text);
  throw new Error('The disk is gone.');
}

function line(key: string, value: unknown = 1): string {
  return `${JSON.stringify({ key, value })}\n`;
}

describe('an import', () => {
  it('lets the later of two lines with one key win, though both are on their way at once', async () => {
    const node = new FakeNode();
    const puts: (() => void)[] = [];
    node.beforePut = () => new Promise((resolve) => void puts.push(resolve));
    const imported = importText(line('a', 1) + line('b', 1) + line('a', 2), {}, node);
    // The last one that was begun ends first.
    for (let ended = 0; ended < 3;) {
      const put = puts.pop();
      if (put !== undefined) ended++;
      put?.();
      await Promise.resolve();
    }
    await imported;
    expect(node.entryByKey.get('a')?.value).toBe(2);
  });

  it(`keeps up to ${IMPORT_WRITES_MAX} writes in flight`, async () => {
    const node = new FakeNode();
    node.beforePut = () => new Promise(setImmediate);
    const keys = Array.from({ length: 3 * IMPORT_WRITES_MAX }, (_, at) => `key${at}`);
    const { summary } = await importText(keys.map((key) => line(key)).join(''), {}, node);
    expect(summary.imported).toBe(keys.length);
    expect(node.writesInFlightMax).toBe(IMPORT_WRITES_MAX);
  });

  it(`keeps ${IMPORT_BYTES_MAX} bytes in flight at most`, async () => {
    const node = new FakeNode();
    node.beforePut = () => new Promise(setImmediate);
    const value = 'x'.repeat(IMPORT_BYTES_MAX / 4);
    const { summary } = await importText(
      pieces(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => line(key, value))),
      {},
      node,
    );
    expect(summary.imported).toBe(6);
    expect(node.writesInFlightMax).toBe(3);
  });

  it('stores every line before the first bad one and none behind it', async () => {
    const good = Array.from({ length: 100 }, (_, at) => line(`key${at}`)).join('');
    for (const bad of ['x\n', line(''), line('b', 'refused')]) {
      const { node, summary } = await importText(good + bad + line('c'));
      expect(summary).toMatchObject({ imported: 100, stopped: { line: 101 } });
      expect(node.entryByKey.size).toBe(100);
    }
  });

  it('counts what it skips', async () => {
    const node = new FakeNode();
    await node.put('a', 'old');
    const text = line('a', 'new') + line('b', 1) + line('b', 2) + line('') + line('c');
    const { summary, events } = await importText(text, { skipExisting: true, skipInvalid: true }, node);
    expect(summary).toStrictEqual({ imported: 2, existing: 2, invalid: 1, bytes: text.length });
    expect(node.entryByKey.get('a')?.value).toBe('old');
    expect(node.entryByKey.get('b')?.value).toBe(1);
    expect(events.filter(({ event }) => event === 'invalid')).toMatchObject([
      { line: 4, code: 'INVALID_KEY' },
    ]);
  });

  it('tells its progress after each piece of the source', async () => {
    const { events } = await importText(pieces([line('a'), line('b') + line('c')]));
    const progress = events.flatMap((event) => (event.event === 'progress' ? [event.imported] : []));
    expect(progress.at(-1)).toBe(3);
    expect(progress).toHaveLength(3);
  });

  it('ends when the store refuses to write, even if bad lines are skipped', async () => {
    const node = new FakeNode();
    node.beforePut = (key) =>
      key === 'b' ? Promise.reject(new BoatoError('STORE_FENCED', 'A write failed.')) : Promise.resolve();
    const { summary } = await importText(line('a') + line('b') + line('c'), { skipInvalid: true }, node);
    expect(summary).toMatchObject({
      imported: 1,
      stopped: { code: 'STORE_FENCED', message: 'A write failed.' },
    });
  });

  it('keeps what was stored before its source broke', async () => {
    const { summary } = await importText(brokenBehind(line('a') + line('b')));
    expect(summary).toMatchObject({
      imported: 2,
      stopped: { code: 'INPUT_UNREADABLE', message: 'The disk is gone.' },
    });
  });

  it('ends at a signal', async () => {
    const { summary } = await importText(line('a'), { signal: AbortSignal.abort() });
    expect(summary).toMatchObject({ imported: 0, stopped: { code: 'ABORTED' } });
  });
});
