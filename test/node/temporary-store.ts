/** Stores and nodes on real folders for one test: closed, and their folders removed, when it ends. */

import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type EntriesOptions,
  type Node,
  type NodeOptions,
  openNode,
  openStore,
  type Store,
  type StoreOptions,
  type Value,
} from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** An empty store in a folder of its own, unless `options` name one. */
export async function temporaryStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ dir: options.dir ?? (await temporaryDir()), ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A node that rounds only when it is told to, or connects. */
export async function temporaryNode(options: Partial<NodeOptions> = {}): Promise<Node> {
  const dir = options.dir ?? (await temporaryDir());
  const node = await openNode({ gossipIntervalMs: 1_000_000, ...options, dir });
  onTestFinished(() => node.close());
  return node;
}

/** Where a store can be made. */
export async function temporaryDir(): Promise<string> {
  return join(await temporaryFolder(), 'node');
}

/** Keys of the live entries, in the order in which they come. */
export async function keysOf(store: Pick<Store, 'entries'>, options?: EntriesOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.entries(options)) keys.push(key);
  return keys;
}

/** The live map. */
export async function contentsOf(store: Pick<Store, 'entries'>): Promise<Map<string, Value>> {
  const values = new Map<string, Value>();
  for await (const { key, value } of store.entries()) values.set(key, value);
  return values;
}
