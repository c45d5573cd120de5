/** A watch as users see it: one change after another, with unpacked values. */

import { unpackValue } from '../adapters/value-codec.ts';
import { type NodeId, nodeIdOf } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { StoredChange } from '../storage/change-pages.ts';
import type { Watcher } from '../storage/watcher.ts';
import type { Change, Changes, WatchOptions } from './api.ts';
import { decodeKey, encodeText } from './key.ts';
import { checkKnown } from './options.ts';

export interface CheckedWatch {
  readonly prefix: Uint8Array;
  readonly since: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Fails with `INVALID_OPTION` or `INVALID_KEY`. */
export function watchOptions(options: WatchOptions): CheckedWatch {
  checkKnown(options, ['prefix', 'since', 'signal']);
  const { prefix = '', since, signal } = options;
  if (typeof prefix !== 'string')
    throw new BoatoError('INVALID_OPTION', 'The option `prefix` must be a string.');
  if (since !== undefined && typeof since !== 'string')
    throw new BoatoError('INVALID_OPTION', 'The option `since` must be a token, a string.');
  return { prefix: encodeText(prefix), since, signal };
}

export interface MapChangesOptions {
  readonly nodeId: string;
  readonly since: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Of what is open, from a token on; absent: from now on. */
  readonly watch: (since: string | undefined) => Watcher;
  /**
   * After the watch has failed with `error`: resolves once it can begin again where it was; to `false` if the store is closed
   * first. Fails with `error` if it cannot.
   */
  readonly afterFailure: (error: unknown) => Promise<boolean>;
  /** Called once, when nothing is read any more. */
  readonly onEnd: () => void;
}

/** Once it has begun it outlives failed writes: it goes on, with its token, when the store was opened again. */
export class MapChanges implements Changes {
  readonly begun: Promise<void>;
  readonly #options: Omit<MapChangesOptions, 'since' | 'signal' | 'onEnd'>;
  readonly #changes: AsyncGenerator<Change, undefined, undefined>;
  readonly #onEnd: () => void;
  #watcher: Watcher;
  #first: readonly StoredChange[] = [];
  #token: string | undefined;
  /** Everything that the watcher answered. */
  #isTaken = true;
  #ended: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor({ since, signal, onEnd, ...options }: MapChangesOptions) {
    this.#options = options;
    this.#token = since;
    this.#watcher = options.watch(since);
    const end = (): void => void this.end();
    this.#onEnd = () => {
      signal?.removeEventListener('abort', end);
      onEnd();
    };
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
    this.begun = this.#begin();
    // Whoever reads on is told.
    this.begun.catch(() => undefined);
    this.#changes = this.#read();
  }

  get token(): string | undefined {
    if (this.#isTaken) this.#token = this.#watcher.token ?? this.#token;
    return this.#token;
  }

  next(): Promise<IteratorResult<Change, undefined>> {
    return this.#changes.next();
  }

  async return(): Promise<IteratorResult<Change, undefined>> {
    await this.end();
    return this.#changes.return(undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whoever waits for a change is told that there is none any more. Harmless when repeated. */
  end(): Promise<void> {
    this.#ended ??= this.#watcher.close().finally(this.#onEnd);
    this.#wake();
    return this.#ended;
  }

  async #begin(): Promise<void> {
    while (!this.#watcher.isBegun && this.#ended === undefined) {
      this.#first = await this.#watcher.step();
      this.#isTaken = this.#first.length === 0;
      // The first page of what a token lacks is read before the pass has ended.
      if (!this.#watcher.isThrough) return;
      if (!this.#watcher.isBegun) await this.#watcher.wait();
    }
  }

  async *#read(): AsyncGenerator<Change, undefined, undefined> {
    try {
      await this.begun;
      yield* this.#show(this.#first);
      while (this.#ended === undefined) {
        yield* this.#show(await this.#step());
        if (this.#watcher.isThrough) await this.#watcher.wait();
      }
      return undefined;
    } finally {
      await this.end();
    }
  }

  async #step(): Promise<readonly StoredChange[]> {
    try {
      return await this.#watcher.step();
    } catch (error) {
      await this.#goOnAfter(error);
      return [];
    }
  }

  async #goOnAfter(error: unknown): Promise<void> {
    const since = this.token;
    const ended = new Promise<false>((resolve) => (this.#wake = () => resolve(false)));
    if (this.#ended !== undefined) return;
    const isOn = await Promise.race([this.#options.afterFailure(error), ended]);
    if (!isOn) return this.end();
    await this.#watcher.close();
    if (this.#ended === undefined) this.#watcher = this.#options.watch(since);
  }

  *#show(page: readonly StoredChange[]): Generator<Change, void, undefined> {
    if (page.length === 0) return;
    this.#isTaken = false;
    for (const [index, stored] of page.entries()) {
      if (this.#ended !== undefined) return;
      const isLast = this.#watcher.isThrough && index === page.length - 1;
      // Whoever takes one change, and goes on elsewhere, must be able to say that it may have been told it.
      const token = isLast ? this.#watcher.token : this.#watcher.tokenWithin;
      this.#token = token ?? this.#token;
      const change = this.#changeOf(stored);
      yield isLast && token !== undefined ? { ...change, token } : change;
    }
    this.#isTaken = true;
  }

  #changeOf(stored: StoredChange): Change {
    const { kind, version, actor, expiresAt } = stored;
    const base = { key: decodeKey(stored.key), version, actor, ...this.#originOf(stored) };
    if (kind !== 'put') return { type: kind, ...base };
    const shown = { type: kind, value: unpackValue(stored.value), ...base };
    return expiresAt === undefined ? shown : { ...shown, expiresAt };
  }

  #originOf({ kind, actor, from }: StoredChange): Pick<Change, 'origin' | 'peer'> {
    if (kind === 'expired') return { origin: 'local' };
    if (from !== undefined) return { origin: 'peer', peer: from satisfies NodeId };
    return { origin: nodeIdOf(actor) === this.#options.nodeId ? 'local' : 'peer' };
  }
}
