/** The document: which words were written, and must be in it at the end. */

import { applyUpdate, Doc } from 'yjs';
import type { Random } from '../../ports/random.ts';
import { prefixOf } from '../../views/registers.ts';
import type { World } from '../world.ts';
import type { PresentEntry } from './disk-state.ts';
import type { KnownEntry } from './known-entries.ts';
import { bytesOf } from './value-text.ts';

export const DOCUMENT = 'note';
const PREFIX = prefixOf(DOCUMENT);

export class DocumentCheck {
  /** What names of writers, and of clients of Yjs, are drawn from. */
  readonly chance: Random;
  /** Told to be on disk. */
  readonly #saved = new Set<string>();
  /** By somebody, somewhere: gone as soon as all know that. */
  readonly #erased = new Set<string>();
  #words = 0;

  constructor(world: World) {
    this.chance = world.random('names in documents');
  }

  /** Like no other. */
  nextWord(): string {
    return `<${this.#words++}>`;
  }

  saved(word: string): void {
    this.#saved.add(word);
  }

  erased(word: string): void {
    this.#erased.add(word);
  }

  /**
   * Words that must be in the text. `isGone`: what the only disks that had it have lost, or damage took, of what was stored.
   * Yjs writes texts into updates as they are, and shows no change without those that it builds on (`isPending`).
   */
  expectedWords(
    known: Iterable<KnownEntry>,
    isGone: (entry: KnownEntry) => boolean,
    isPending: boolean,
  ): readonly string[] {
    const gone = [...known]
      .filter((entry) => entry.key.startsWith(PREFIX) && isGone(entry))
      .map(({ value }) => Buffer.from(bytesOf(value ?? '')).toString('latin1'));
    if (isPending && gone.length > 0) return [];
    return [...this.#saved].filter(
      (word) => !this.#erased.has(word) && !gone.some((update) => update.includes(word)),
    );
  }
}

export function wordsOf(text: string): readonly string[] {
  return text.match(/<\d+>/gu) ?? [];
}

/** What a disk makes of it. `isPending`: something there builds on what is not. */
export function contentOn(entries: Iterable<PresentEntry>): {
  readonly text: string;
  readonly isPending: boolean;
} {
  const doc = new Doc();
  for (const { key, value } of entries)
    if (key.startsWith(PREFIX) && value !== undefined) applyUpdate(doc, bytesOf(value));
  return { text: doc.getText().toJSON(), isPending: doc.store.pendingStructs !== null };
}
