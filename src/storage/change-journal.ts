/**
 * What was written here lately, in memory and of fixed size: whoever watches need not search for it, and is told which
 * peer brought it. Whoever needs more than it still holds reads it from disk.
 */

import type { NodeId } from '../core/actor.ts';
import type { Dot } from '../core/entry.ts';

/** Changes, and bytes of their keys, that are held at least; at most twice as many, and one commit more. */
const CHANGES_HELD = 4096;
const BYTES_HELD = 2 ** 20;

/** An entry that took its key's place: what the key holds, unless it is in the journal once more. */
export interface Placed extends Dot {
  readonly key: Uint8Array;
  readonly expiresAt: number | undefined;
  /** The peer that brought it; absent: this node wrote it. */
  readonly from: NodeId | undefined;
}

export class ChangeJournal {
  /** Nothing is noted before somebody watches for the first time. */
  isKept = false;
  /** How often whoever waits was called to look again: at each commit. */
  wakes = 0;
  /** Changes that were held once, and are not any more. */
  #dropped = 0;
  #held: Placed[] = [];
  #bytes = 0;
  readonly #listeners = new Set<() => void>();

  /** The position after the last change. */
  get end(): number {
    return this.#dropped + this.#held.length;
  }

  /** What was placed from the position `from` on; `undefined` if not all of it is held any more. */
  since(from: number): readonly Placed[] | undefined {
    return from < this.#dropped ? undefined : this.#held.slice(from - this.#dropped);
  }

  /** All that it still knows. */
  held(): readonly Placed[] {
    return this.#held;
  }

  /** Once a commit is on disk, whether or not it placed anything. */
  add(placed: readonly Placed[]): void {
    if (!this.isKept) return;
    for (const change of placed) {
      this.#held.push(change);
      this.#bytes += change.key.length;
    }
    if (this.#held.length > 2 * CHANGES_HELD || this.#bytes > 2 * BYTES_HELD) this.#shorten();
    this.wake();
  }

  /** Calls `listener` once, at the next commit; the function returned cancels it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whoever waits is to look again. */
  wake(): void {
    this.wakes++;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  #shorten(): void {
    let from = Math.max(0, this.#held.length - CHANGES_HELD);
    let bytes = this.#held.slice(from).reduce((sum, { key }) => sum + key.length, 0);
    for (; bytes > BYTES_HELD; from++) bytes -= (this.#held[from] as Placed).key.length;
    this.#held = this.#held.slice(from);
    this.#dropped += from;
    this.#bytes = bytes;
  }
}
