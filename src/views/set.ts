/**
 * Sets that merge (LWW-element-Set: Shapiro et al. 2011, section 3.3.3): one register for each member, `NAME/MEMBER`, so that
 * nodes add and remove different members side by side; of one member the later addition or removal wins.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DeleteResult, PutResult, ReadOptions, Store } from '../node/api.ts';
import { typed } from '../node/typed.ts';
import { prefixOf, schemaOf } from './registers.ts';

export interface StoredSet {
  /** Also of a member that is there: an addition wins against every earlier removal, wherever that was made. */
  add(member: string): Promise<PutResult>;
  delete(member: string): Promise<DeleteResult>;
  has(member: string, options?: ReadOptions): Promise<boolean>;
  /** In the order of their UTF-8 bytes, of one consistent state. */
  members(options?: ReadOptions): AsyncIterableIterator<string>;
  size(options?: ReadOptions): Promise<number>;
}

/**
 * The set `name` of `store`, which may be a node. Fails with `INVALID_KEY`; reads fail with `SCHEMA_MISMATCH` if other things
 * are stored under its name.
 */
export function setOf(store: Store, name: string): StoredSet {
  const registers = typed(store, { prefix: prefixOf(name), schema: MEMBER });
  return {
    add: (member) => registers.put(member, true),
    delete: (member) => registers.del(member),
    has: async (member, options) => (await registers.get(member, options)) !== undefined,
    async *members(options) {
      for await (const { key } of registers.entries(options)) yield key;
    },
    size: (options) => registers.count(options),
  };
}

const MEMBER: StandardSchemaV1<true> = schemaOf('member of a set', (value) => value === true);
