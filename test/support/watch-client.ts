/**
 * Somebody who watches one node or another, and keeps no more than the live map: what was deleted leaves nothing behind.
 * Told that it is gone, it reads everything again.
 */

import { assert } from '../../src/core/assert.ts';
import { compareDots, type Dot, isLive } from '../../src/core/entry.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { StoredChange } from '../../src/storage/change-pages.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Watcher } from '../../src/storage/watcher.ts';
import type { Cluster, Shown } from './cluster.ts';
import { presentEntries, text } from './replica-fixture.ts';

interface Held extends Dot {
  readonly value: string;
}

export class WatchClient {
  readonly #cluster: Cluster;
  readonly #heldByKey = new Map<string, Held>();
  #node = 0;
  #replica: StoredReplica | undefined;
  #watcher: Watcher | undefined;
  #token: string | undefined;
  /** All began at the node that it watches. */
  isHome = false;
  /** How often it had to read everything again. */
  gone = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get node(): number {
    return this.#node;
  }

  get hasBegun(): boolean {
    return this.#token !== undefined;
  }

  /** A new watch, then everything is read. */
  async begin(node: number): Promise<void> {
    await this.leave();
    this.#attach(node, undefined);
    await this.#watcher?.step();
    this.#token = this.#watcher?.token;
    this.#heldByKey.clear();
    for (const entry of await this.#live(node)) {
      const { actor, version, value } = entry;
      this.#heldByKey.set(text(entry.key), { actor, version, value: text(value) });
    }
    this.isHome = true;
  }

  async leave(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    await watcher?.close();
  }

  /** Goes on at any node with what it has. */
  async resume(node: number): Promise<void> {
    if (!this.hasBegun) return;
    await this.leave();
    this.isHome &&= node === this.#node && this.#replica === this.#cluster.node(node).replica;
    this.#attach(node, this.#token);
  }

  /** Takes what it is told, as far as `steps` go. Whether nothing is left. */
  async look(steps: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (!this.hasBegun) return false;
    if (this.#replica !== this.#cluster.node(this.#node).replica || this.#watcher === undefined)
      await this.resume(this.#node);
    const watcher = this.#watcher;
    assert(watcher !== undefined, 'it watches');
    // A pass that was under way tells of its own moment: a second one tells of now.
    let passes = 0;
    try {
      for (let step = 0; step < steps; step++) {
        for (const change of await watcher.step()) this.#take(change);
        this.#token = watcher.token ?? this.#token;
        if (watcher.isThrough && ++passes === 2) return watcher.isBegun;
      }
      return false;
    } catch (error) {
      if (!(error instanceof BoatoError) || error.code !== 'CHANGES_GONE') throw error;
      this.gone++;
      await this.begin(this.#node);
      return true;
    }
  }

  shown(): Shown {
    return Object.fromEntries([...this.#heldByKey].map(([key, { value }]) => [key, value]));
  }

  /** What its node shows. */
  async expected(): Promise<Shown> {
    const live = await this.#live(this.#node);
    return Object.fromEntries(live.map(({ key, value }) => [text(key), text(value)]));
  }

  #attach(node: number, since: string | undefined): void {
    this.#node = node;
    this.#replica = this.#cluster.node(node).replica;
    this.#watcher = this.#replica.watch(new Uint8Array(0), since);
  }

  async #live(node: number): ReturnType<typeof presentEntries> {
    const { replica, clock } = this.#cluster.node(node);
    return (await presentEntries(replica)).filter((entry) => isLive(entry, clock.wallMs()));
  }

  #take({ kind, key, actor, version, value }: StoredChange): void {
    const held = this.#heldByKey.get(text(key));
    const order = held === undefined ? 1 : compareDots({ actor, version }, held);
    if (kind === 'put' && order > 0) this.#heldByKey.set(text(key), { actor, version, value: text(value) });
    if (kind === 'del' && order > 0) this.#heldByKey.delete(text(key));
    if (kind === 'expired' && order >= 0) this.#heldByKey.delete(text(key));
  }
}
