/**
 * Somebody who watches one node or another, and keeps the live map and no tombstones; goes on with a token wherever it is
 * sent, and reads everything again when it is told to.
 */

import { compareDots, type Dot } from '../../core/entry.ts';
import { BoatoError } from '../../core/errors.ts';
import type { Change, Changes, Node } from '../../node/api.ts';
import { textOf } from '../checker/value-text.ts';
import type { EventLog } from '../event-log.ts';
import type { Machine } from '../machine.ts';

export interface Held extends Dot {
  readonly text: string;
}

export class WatchClient {
  readonly name: string;
  readonly prefix: string;
  readonly #events: EventLog;
  readonly #heldByKey = new Map<string, Held>();
  #machine: Machine | undefined;
  #token: string | undefined;
  #watch: { readonly changes: Changes; readonly node: Node } | undefined;
  /** How often it had to read everything again. */
  gone = 0;

  constructor(name: string, events: EventLog, prefix: string) {
    this.name = name;
    this.#events = events;
    this.prefix = prefix;
  }

  /** Whose node it watches, or would. */
  get machine(): Machine | undefined {
    return this.#machine;
  }

  get heldByKey(): ReadonlyMap<string, Held> {
    return this.#heldByKey;
  }

  /** Leaves the node that it watches, and goes on at another one, or the same. */
  moveTo(machine: Machine): void {
    this.#leave();
    this.#machine = machine;
    this.tend();
  }

  /** Watches again, if its node has gone, and another one runs in its place. */
  tend(): void {
    const node = this.#machine?.running?.node;
    if (node === undefined || this.#watch?.node === node) return;
    this.#leave();
    try {
      const changes = node.watch({
        prefix: this.prefix,
        ...(this.#token === undefined ? {} : { since: this.#token }),
      });
      const watch = { changes, node };
      this.#watch = watch;
      void this.#follow(watch);
    } catch (error) {
      if (!(error instanceof BoatoError)) throw error;
      this.#note(`cannot watch: ${error.code}`);
    }
  }

  #leave(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    // Of a process that is gone it never settles.
    void watch?.changes.return().catch(() => undefined);
  }

  async #follow(watch: { readonly changes: Changes; readonly node: Node }): Promise<void> {
    const { changes, node } = watch;
    const isOver = (): boolean => this.#watch !== watch;
    try {
      if (this.#token === undefined) {
        await changes.begun;
        const entries: { key: string; held: Held }[] = [];
        for await (const { key, version, actor, value } of node.entries({ prefix: this.prefix }))
          entries.push({ key, held: { version, actor, text: textOf(value) } as Held });
        if (isOver()) return;
        this.#heldByKey.clear();
        for (const { key, held } of entries) this.#heldByKey.set(key, held);
        this.#token = changes.token;
        this.#note(`began, with ${entries.length} entries`);
      }
      for await (const change of changes) {
        if (isOver()) return;
        this.#take(change);
        this.#token = changes.token ?? this.#token;
      }
    } catch (error) {
      if (!(error instanceof BoatoError)) throw error;
      if (isOver()) return;
      this.#note(`ended: ${error.code}`);
      this.#watch = undefined;
      if (error.code !== 'CHANGES_GONE') return;
      this.gone++;
      this.#token = undefined;
      this.tend();
    }
  }

  #take(change: Change): void {
    const { key, version, actor, type } = change;
    const held = this.#heldByKey.get(key);
    const order = held === undefined ? 1 : compareDots({ version, actor } as Dot, held);
    if (type === 'put' && order > 0)
      this.#heldByKey.set(key, { version, actor, text: textOf(change.value) } as Held);
    if ((type === 'del' && order > 0) || (type === 'expired' && order >= 0)) this.#heldByKey.delete(key);
  }

  #note(what: string): void {
    this.#events.note(this.#machine?.name ?? '', `${this.name} ${what}`);
  }
}
