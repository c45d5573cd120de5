/**
 * When the many entries of a document give way to one that holds all that is in them. Batches come apart where a later one
 * supersedes a part of them, so that a deletion may come to a node, and nothing after it. Therefore:
 *
 * 1. Only that is deleted which was in the document when the new entry was made.
 * 2. On a node it is deleted once all other nodes hold the new entry.
 * 3. On a store that is none only what this opening wrote is replaced, which nobody else can have.
 */

import type { BatchOperation, Node, Store } from '../node/api.ts';
import { TooFewAcksError } from '../node/write-concern.ts';
import type { Random } from '../ports/random.ts';
import { isNode, otherNodes } from './holders.ts';

/** Less than a batch may have. */
const DELETED_MAX = 500;

/** A node that is connected may still have to bring in much else before. */
const HELD_WITHIN_MS = 60_000;

export interface PuttingTogetherDependencies {
  readonly store: Store;
  readonly random: Random;
  /** As many entries, and at random up to twice as many, are put together. */
  readonly entriesMin: number;
  /** Of entries that are stored, and whose updates are in the document. */
  readonly keys: Set<string>;
  readonly isOwn: (key: string) => boolean;
  /** Of an entry that was never there. */
  readonly nextKey: () => string;
  readonly isClosed: () => boolean;
  readonly wholeDocument: () => Uint8Array;
  /** What this opening has added to it, at least. */
  readonly ownPart: () => Uint8Array;
}

export class PuttingTogether {
  readonly #dependencies: PuttingTogetherDependencies;
  /** How many more entries are awaited before the next attempt. */
  #pause: number;
  #entriesMax = 0;
  #isUnderWay = false;

  constructor(dependencies: PuttingTogetherDependencies) {
    this.#dependencies = dependencies;
    this.#pause = this.#drawPause();
  }

  /**
   * What is stored is in the document. Where that is much already, it is left to chance whether an opening puts it together, and
   * the more it writes the likelier: one that is short would write the whole document, and be over before others hold it.
   */
  begin(): void {
    const { random, entriesMin } = this.#dependencies;
    const some = Math.floor(random.fraction() * entriesMin);
    this.#entriesMax = Math.max(this.#pause, this.#replaceable().length + some);
  }

  /** Another entry is stored. Never fails: what could not be put together stays in pieces, and is tried again later. */
  async stored(): Promise<void> {
    if (this.#isUnderWay || this.#replaceable().length < this.#entriesMax) return;
    this.#isUnderWay = true;
    const { store } = this.#dependencies;
    try {
      this.#pause = isNode(store) ? await this.#replaceAll(store) : await this.#replaceOwn();
    } catch {
      // It is too large, or was not held by all in time, and may be the next time, too: the whole document is much to write.
      this.#pause *= 2;
    }
    this.#isUnderWay = false;
    this.#entriesMax = this.#replaceable().length + this.#pause;
  }

  /** Resolves with the next pause. */
  async #replaceAll(node: Node): Promise<number> {
    const { isClosed, wholeDocument } = this.#dependencies;
    const others = await otherNodes(node);
    // Nothing was written, so this may be tried as often.
    if (!others.areConnected || isClosed()) return this.#pause;
    const replaced = this.#replaceable();
    await this.#put((key) =>
      node.put(key, wholeDocument(), { acks: 1 + others.names.size, timeoutMs: HELD_WITHIN_MS }),
    );
    // Somebody who came meanwhile may have been counted instead of one of them.
    const { names } = await otherNodes(node);
    if (![...names].every((name) => others.names.has(name))) return 2 * this.#pause;
    await this.#delete(replaced);
    return this.#drawPause();
  }

  /** Resolves with the next pause. */
  async #replaceOwn(): Promise<number> {
    const { store, ownPart } = this.#dependencies;
    const replaced = this.#replaceable().slice(0, DELETED_MAX);
    await this.#put((key) =>
      store.batch([{ type: 'put', key, value: ownPart() }, ...replaced.map(deletionOf)]),
    );
    this.#forget(replaced);
    return this.#drawPause();
  }

  /** Counts as stored from the beginning: whoever watches may be told of its end before `write` returns. */
  async #put(write: (key: string) => Promise<unknown>): Promise<void> {
    const { keys, nextKey } = this.#dependencies;
    const key = nextKey();
    keys.add(key);
    try {
      await write(key);
    } catch (error) {
      if (!(error instanceof TooFewAcksError)) keys.delete(key);
      throw error;
    }
  }

  async #delete(replaced: readonly string[]): Promise<void> {
    const { store, keys } = this.#dependencies;
    // Others may have done so meanwhile.
    const left = replaced.filter((key) => keys.has(key));
    for (let from = 0; from < left.length; from += DELETED_MAX) {
      const some = left.slice(from, from + DELETED_MAX);
      await store.batch(some.map(deletionOf));
      this.#forget(some);
    }
  }

  #forget(replaced: readonly string[]): void {
    for (const key of replaced) this.#dependencies.keys.delete(key);
  }

  #replaceable(): readonly string[] {
    const { store, keys, isOwn } = this.#dependencies;
    return isNode(store) ? [...keys] : [...keys].filter(isOwn);
  }

  #drawPause(): number {
    const { entriesMin, random } = this.#dependencies;
    return entriesMin + Math.floor(random.fraction() * entriesMin);
  }
}

function deletionOf(key: string): BatchOperation {
  return { type: 'del', key };
}
