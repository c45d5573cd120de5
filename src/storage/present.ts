/** Looks up, before a group is decided, what is present under each of its keys: from the cache, else from disk. */

import type { BoatoError } from '../core/errors.ts';
import { youngList } from '../core/young.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Job } from './commit-group.ts';
import type { ContextTable } from './context-table.ts';
import { damaged, isDamage, type OnDamage, reported, reportingDamage } from './damage.ts';
import { type DotCache, Present } from './dot-cache.ts';
import { decodeEntry, EXPIRING } from './entry-record.ts';
import { entryKey } from './keyspace.ts';
import { LookedUp, LookedUpKeys } from './looked-up.ts';
import type { State } from './state.ts';

/** `level` reads in four threads; one is left to other reads. */
const READERS = 3;

const NO_RECORDS: readonly undefined[] = [];

/** Where it is looked up. */
export interface LookUpSources {
  readonly store: OrderedStore;
  readonly state: Pick<State, 'cache' | 'context'>;
  readonly onDamage: OnDamage;
}

/** Fewer keys are not worth another thread: to hand them over takes as long as to read some. */
const READ_KEYS_MIN = 64;

/** The keys of a group, looked up as all groups before it leave them, but for the one that is decided meanwhile. */
export class LookUp {
  readonly #sources: LookUpSources;
  readonly #keys: LookedUpKeys;
  readonly #missed: LookedUp[] = youngList();
  readonly #storedKeys: readonly Uint8Array[];
  #records: readonly (Uint8Array | undefined)[] = NO_RECORDS;
  /** Resolves when what the cache does not know is read from disk; absent where nothing is. Fails as the store does. */
  readonly read: Promise<void> | undefined;

  /** `ahead`: what is present under keys of groups of which the disk may not know yet, the latest group first. */
  constructor(
    sources: LookUpSources,
    jobs: readonly Pick<Job<unknown>, 'keys'>[],
    ahead: readonly LookedUpKeys[],
  ) {
    this.#sources = sources;
    const { cache } = sources.state;
    this.#keys = hashed(cache, jobs);
    cache.fetch(this.#keys.inOrder);
    for (const lookedUp of this.#keys.inOrder) {
      const cached = cache.get(lookedUp);
      if (cached === null) continue;
      lookedUp.isCached = cached !== undefined;
      // The cache knows no expiry.
      const isKnown = cached !== undefined && (cached.flags & EXPIRING) === 0;
      const known = isKnown ? cached : presentIn(ahead, lookedUp);
      if (known === undefined) this.#missed.push(lookedUp);
      else lookedUp.present = known;
    }
    this.#storedKeys = this.#missed.map(({ key }) => entryKey(key));
    if (this.#missed.length === 0) return;
    this.read = this.#read();
    // Looked at in its turn; until then a failure must not count as unhandled.
    this.read.catch(() => undefined);
  }

  /** Once `read` has resolved, and nothing is to be decided before the group. `meanwhile`: of the group decided since. */
  finish(meanwhile: LookedUpKeys | undefined): LookedUpKeys {
    const { state, onDamage } = this.#sources;
    for (const [index, lookedUp] of this.#missed.entries()) {
      if (meanwhile?.find(lookedUp, lookedUp.key) !== undefined) continue;
      const storedKey = this.#storedKeys[index] as Uint8Array;
      const found = readPresent(storedKey, this.#records[index], state.context, onDamage);
      lookedUp.present = found;
      if (found === null || found instanceof Error) continue;
      state.cache.set(lookedUp, found);
      lookedUp.isCached = true;
    }
    if (meanwhile !== undefined) this.#keys.follow(meanwhile);
    return this.#keys;
  }

  async #read(): Promise<void> {
    const { store, onDamage } = this.#sources;
    this.#records = await reportingDamage(onDamage, () => readSideBySide(store, this.#storedKeys));
  }
}

async function readSideBySide(
  store: OrderedStore,
  storedKeys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const pieces: Promise<readonly (Uint8Array | undefined)[]>[] = [];
  const keys = Math.max(READ_KEYS_MIN, Math.ceil(storedKeys.length / READERS));
  for (let at = 0; at < storedKeys.length; at += keys)
    pieces.push(store.getMany(storedKeys.slice(at, at + keys)));
  return (await Promise.all(pieces)).flat();
}

function hashed(cache: DotCache, jobs: readonly Pick<Job<unknown>, 'keys'>[]): LookedUpKeys {
  const lookedUpKeys = new LookedUpKeys();
  for (const { keys } of jobs) {
    for (const key of keys) {
      const hash = cache.hash(key);
      if (lookedUpKeys.find(hash, key) !== undefined) continue;
      lookedUpKeys.add(new LookedUp(key, hash));
    }
  }
  return lookedUpKeys;
}

function presentIn(groups: readonly LookedUpKeys[], asked: LookedUp): LookedUp['present'] | undefined {
  for (const group of groups) {
    const lookedUp = group.find(asked, asked.key);
    if (lookedUp !== undefined) return lookedUp.present;
  }
  return undefined;
}

function readPresent(
  storedKey: Uint8Array,
  record: Uint8Array | undefined,
  context: ContextTable,
  onDamage: OnDamage,
): Present | null | Error {
  if (record === undefined) return null;
  try {
    const { version, actorNo, flags, expiresAt } = readRecord(storedKey, record, decodeEntry);
    if (!context.isNo(actorNo)) throw damaged('refers to an actor that has no row');
    return new Present(version, actorNo, flags, expiresAt);
  } catch (error) {
    if (isDamage(reported(error, onDamage))) return error as BoatoError;
    throw error;
  }
}
