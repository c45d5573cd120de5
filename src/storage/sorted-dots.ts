/** Merges sorted lists of dots of one actor, reading a little of each at a time. */

import { ByteReader } from '../core/byte-reader.ts';
import type { Version } from '../core/version.ts';
import type { SortedLists } from './deferred-dots.ts';
import type { DotPair } from './segment-record.ts';

export class SortedDots {
  /** A binary heap: the list with the lowest version first. */
  readonly #heap: List[];
  #ahead: DotPair[] = [];

  constructor(lists: SortedLists) {
    this.#heap = lists.map((list) => new List(list)).toSorted((a, b) => a.pair.version - b.pair.version);
  }

  /** The next dots in ascending version, as many if there are; they stay. */
  peek(count: number): readonly DotPair[] {
    while (this.#ahead.length < count && this.#heap.length > 0) this.#ahead.push(this.#take());
    return this.#ahead;
  }

  /** Takes off what lies at `version` and below, of what was looked at. */
  drop(version: Version): void {
    this.#ahead = this.#ahead.filter((pair) => pair.version > version);
  }

  #take(): DotPair {
    const first = this.#heap[0] as List;
    const { pair } = first;
    if (first.advance()) this.#sink(first);
    else {
      const last = this.#heap.pop() as List;
      if (last !== first) this.#sink(last);
    }
    return pair;
  }

  /** Puts `list` in the place of the first. */
  #sink(list: List): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && versionAt(heap, child + 1) < versionAt(heap, child)) child++;
      if (child >= heap.length || versionAt(heap, child) >= list.pair.version) break;
      heap[at] = heap[child] as List;
      at = child;
    }
    heap[at] = list;
  }
}

function versionAt(heap: readonly List[], at: number): Version {
  return (heap[at] as List).pair.version;
}

/** What a segment's content lists, pair by pair. */
class List {
  readonly #reader: ByteReader;
  #left: number;
  pair: DotPair;

  constructor(content: Uint8Array) {
    this.#reader = new ByteReader(content);
    this.#left = this.#reader.varint();
    this.pair = this.#next(0);
  }

  /** Whether there is another pair. */
  advance(): boolean {
    if (this.#left === 0) return false;
    this.pair = this.#next(this.pair.version);
    return true;
  }

  #next(before: number): DotPair {
    this.#left--;
    return { version: (before + this.#reader.varint()) as Version, key: this.#reader.lengthPrefixed() };
  }
}
