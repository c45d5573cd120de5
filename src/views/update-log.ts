/**
 * A Yjs document as a log of updates, one entry each, `NAME/WRITER-NUMBER`. No entry is ever written twice, and updates are
 * idempotent and commute (YATA: Nicolaescu et al. 2016), so every node that holds the same entries has the same document. Once
 * there are many, they are put together.
 */

import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, mergeUpdates } from 'yjs';
import { BoatoError } from '../core/errors.ts';
import { SchemaError } from '../core/schema-error.ts';
import type { Changes, Store, Value } from '../node/api.ts';
import type { Random } from '../ports/random.ts';
import { PuttingTogether } from './putting-together.ts';
import { runName } from './run-name.ts';

export interface UpdateLogDependencies {
  readonly store: Store;
  /** Of the keys of its entries. */
  readonly prefix: string;
  readonly random: Random;
  /** As many entries, and at random up to twice as many, are put together. */
  readonly entriesMin: number;
  /** Changes could not be stored; they are kept. */
  readonly onUnsaved: (error: Error) => void;
}

export class UpdateLog implements AsyncDisposable {
  readonly doc: Doc;
  readonly stopped: Promise<Error | undefined>;
  readonly #dependencies: UpdateLogDependencies;
  readonly #store: Store;
  readonly #prefix: string;
  readonly #writer: string;
  #written = 0;
  /** Of entries that are stored, and whose updates are in `doc`. */
  readonly #keys = new Set<string>();
  /** Changes that are not stored yet. */
  readonly #unsaved: Uint8Array[] = [];
  #saving: Promise<void> | undefined;
  readonly #together: PuttingTogether;
  /** What was stored when it was opened, as Yjs names it. */
  #before: Uint8Array | undefined;
  #changes: Changes | undefined;
  #isClosed = false;
  #stop: (error: Error | undefined) => void = () => {};

  constructor(doc: Doc, dependencies: UpdateLogDependencies) {
    const { store, prefix, random, entriesMin } = dependencies;
    this.doc = doc;
    this.#dependencies = dependencies;
    this.#store = store;
    this.#prefix = prefix;
    this.#writer = runName(random);
    this.#together = new PuttingTogether({
      store,
      random,
      entriesMin,
      keys: this.#keys,
      isOwn: (key) => this.#isOwn(key),
      nextKey: () => this.#nextKey(),
      isClosed: () => this.#isClosed,
      wholeDocument: () => encodeStateAsUpdate(this.doc),
      ownPart: () => encodeStateAsUpdate(this.doc, this.#before),
    });
    this.stopped = new Promise((resolve) => (this.#stop = resolve));
  }

  async open(): Promise<void> {
    // With what was deleted, where `doc` keeps that.
    const stored = new Doc({ gc: this.doc.gc });
    try {
      await this.#load(stored);
    } catch (error) {
      await this.#changes?.return();
      throw error;
    }
    this.#before = encodeStateVector(stored);
    this.#together.begin();
    stored.on('update', (beyond: Uint8Array) => this.#save(beyond));
    applyUpdate(stored, encodeStateAsUpdate(this.doc));
    applyUpdate(this.doc, encodeStateAsUpdate(stored), this);
    stored.destroy();
    this.doc.on('update', this.#onUpdate);
    this.doc.on('destroy', this.#onDestroy);
    void this.#follow();
  }

  saved(): Promise<void> {
    this.#saving ??= this.#saveAll();
    return this.#saving;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.doc.off('update', this.#onUpdate);
    this.doc.off('destroy', this.#onDestroy);
    await this.#changes?.return();
    await this.saved();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin !== this) this.#save(update);
  };

  readonly #onDestroy = (): void => void this.close().catch(() => {});

  #save(update: Uint8Array): void {
    this.#unsaved.push(update);
    this.saved().catch(() => {});
  }

  async #saveAll(): Promise<void> {
    try {
      // Changes that are made in the same moment share an entry.
      await Promise.resolve();
      while (this.#unsaved.length > 0) await this.#saveNow(this.#unsaved.splice(0));
    } finally {
      // In the step that found nothing left: what comes after it begins anew.
      this.#saving = undefined;
    }
  }

  async #saveNow(updates: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#put(mergeUpdates([...updates]));
    } catch (error) {
      this.#unsaved.unshift(...updates);
      this.#dependencies.onUnsaved(error as Error);
      throw error;
    }
  }

  async #put(update: Uint8Array): Promise<void> {
    const key = this.#nextKey();
    await this.#store.put(key, update);
    this.#keys.add(key);
    // Nobody waits for that.
    if (!this.#isClosed) void this.#together.stored();
  }

  /** Begins to watch, and takes into `doc` what is stored: nothing is missed in between. */
  async #load(doc: Doc): Promise<void> {
    const changes = this.#store.watch({ prefix: this.#prefix });
    this.#changes = changes;
    await changes.begun;
    this.#keys.clear();
    for await (const { key, value } of this.#store.entries({ prefix: this.#prefix })) {
      this.#take(doc, key, value);
    }
  }

  /** Until it is closed, or the store is. */
  async #follow(): Promise<void> {
    let error: Error | undefined;
    try {
      while (await this.#areChangesGone()) await this.#load(this.doc);
    } catch (cause) {
      error = cause as Error;
    }
    this.#stop(this.#isClosed ? undefined : error);
  }

  /** Takes in what changes, until it ends; whether that is because all must be read again. */
  async #areChangesGone(): Promise<boolean> {
    try {
      for await (const change of this.#changes as Changes) {
        if (change.type === 'put') this.#take(this.doc, change.key, change.value);
        else this.#keys.delete(change.key);
      }
      return false;
    } catch (error) {
      if (error instanceof BoatoError && error.code === 'CHANGES_GONE') return !this.#isClosed;
      throw error;
    }
  }

  #take(doc: Doc, key: string, value: Value): void {
    const rest = key.slice(this.#prefix.length);
    // Of a document with a longer name, or in `doc` already.
    if (rest.includes('/') || this.#keys.has(key)) return;
    if (!this.#isOwn(key)) {
      if (!(value instanceof Uint8Array)) throw noUpdate(key);
      try {
        applyUpdate(doc, value, this);
      } catch (cause) {
        throw noUpdate(key, cause);
      }
    }
    this.#keys.add(key);
  }

  #nextKey(): string {
    return `${this.#prefix}${this.#writer}-${this.#written++}`;
  }

  #isOwn(key: string): boolean {
    return key.startsWith(this.#prefix + this.#writer);
  }
}

function noUpdate(key: string, cause?: unknown): SchemaError {
  return new SchemaError('read', key, [{ message: 'no update of a Yjs document', path: [] }], { cause });
}
