/** Whatever they are given, the exported functions fail with a code, or as JavaScript itself does where nothing can be read. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BoatoError, type Node, openNode, openStore, restoreStore, typed } from '../../src/index.ts';
import { temporaryDir, temporaryNode } from './temporary-store.ts';

const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  0,
  -1,
  Number.NaN,
  1n,
  '',
  'x',
  '\uD800',
  'x'.repeat(2000),
  true,
  Symbol('x'),
  [],
  [undefined],
  {},
  { dir: 5 },
  { ifVersion: {} },
  { ttlMs: 'x', expiresAt: {} },
  { schema: null },
  () => 1,
  new Map(),
  new Date(Number.NaN),
];

type Call = (node: Node, dir: string, ...nonsense: never[]) => unknown;

const CALLS: Readonly<Record<string, Call>> = {
  openStore: (_node, _dir, options) => openStore(options),
  openNode: (_node, _dir, options) => openNode(options),
  'openNode with an option': (_node, dir, peers) => openNode({ dir, peers }),
  restoreStore: (_node, dir, source) => restoreStore(source, { dir }),
  'restoreStore with options': (_node, _dir, options) => restoreStore('none', options),
  typed: (_node, _dir, store, options) => typed(store, options),
  put: (node, _dir, key, value, options) => node.put(key, value, options),
  'put with options': (node, _dir, options) => node.put('k', 1, options),
  get: (node, _dir, key, options) => node.get(key, options),
  'get with options': (node, _dir, options) => node.get('k', options),
  getEntry: (node, _dir, key, options) => node.getEntry(key, options),
  getMany: (node, _dir, keys, options) => node.getMany(keys, options),
  del: (node, _dir, key, options) => node.del(key, options),
  'del with options': (node, _dir, options) => node.del('k', options),
  batch: (node, _dir, operations) => node.batch(operations),
  'batch of operations': (node, _dir, ...operations) => node.batch(operations),
  entries: (node, _dir, options) => node.entries(options).next(),
  count: (node, _dir, options) => node.count(options),
  repairClock: (node, _dir, options) => node.repairClock(options),
  backup: (node, dir, options) => node.backup(join(dir, 'none', 'backup'), options),
  backupStream: (node, _dir, options) => node.backupStream(options).next(),
  verify: (node, _dir, options) => node.verify(options),
  sync: (node, _dir, options) => node.sync(options),
};

test.each(Object.entries(CALLS))('%s', async (_, call) => {
  const node = await temporaryNode();
  for (const [at, first] of NONSENSE.entries()) {
    const dir = await temporaryDir();
    const arguments_ = [
      first,
      NONSENSE[(at * 7 + 3) % NONSENSE.length],
      NONSENSE[(at * 5 + 1) % NONSENSE.length],
    ];
    const error = await outcomeOf(() => call(node, dir, ...(arguments_ as never[])));
    const isKnown = error === undefined || error instanceof BoatoError || error instanceof TypeError;
    expect(isKnown, `${String(error)} of argument ${at}`).toBe(true);
  }
});

/** What `call` failed with; what it opened is closed. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    const result = (await call()) as { close?: () => Promise<void> } | undefined;
    await result?.close?.();
    return undefined;
  } catch (error) {
    return error;
  }
}
