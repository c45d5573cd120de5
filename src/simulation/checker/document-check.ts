/** The document: which words were written, and must be in it at the end. */

import { applyUpdate, Doc } from 'yjs';
import type { Random } from '../../ports/random.ts';
import { prefixOf } from '../../views/registers.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { DiskState, PresentEntry } from './disk-state.ts';
import type { KnownEntry } from './known-entries.ts';
import type { MemberCheck } from './member-check.ts';
import { bytesOf } from './value-text.ts';

export const DOCUMENT = 'note';
const PREFIX = prefixOf(DOCUMENT);

/** When a word was written, and where. */
interface Saved {
  readonly machine: Machine;
  readonly askedAtMs: number;
}

/** What may have become of what was written. */
export interface Fates {
  readonly known: () => Iterable<KnownEntry>;
  /** Damage took it somewhere, or nobody is to blame for its loss for another reason: nothing can be said of it. */
  readonly isUncertain: (entry: KnownEntry) => boolean;
  /** Whether the disk of the machine has lost something since then. */
  readonly hasFallen: (machine: Machine, sinceMs: number) => boolean;
}

/** What a disk makes of the document. */
export interface Content {
  readonly text: string;
  /** Something there builds on what is not. */
  readonly isPending: boolean;
  /** All updates that are there, shown or not: Yjs writes texts into them as they are. */
  readonly updates: string;
}

export class DocumentCheck {
  /** What names of writers, and of clients of Yjs, are drawn from. */
  readonly chance: Random;
  readonly #world: World;
  readonly #memberCheck: MemberCheck;
  /** Told to be on disk. */
  readonly #savedByWord = new Map<string, Saved>();
  /** By somebody, somewhere: gone as soon as all know that. */
  readonly #erased = new Set<string>();
  /** Of the updates that were last found on a disk: under one key there is only ever one. */
  readonly #keysByMachine = new Map<Machine, string>();
  #words = 0;

  constructor(world: World, memberCheck: MemberCheck) {
    this.chance = world.random('names in documents');
    this.#world = world;
    this.#memberCheck = memberCheck;
  }

  /** Like no other. */
  nextWord(): string {
    return `<${this.#words++}>`;
  }

  saved(word: string, saved: Saved): void {
    this.#savedByWord.set(word, saved);
  }

  erased(word: string): void {
    this.#erased.add(word);
  }

  /**
   * P4: a word stays on the disk where it was saved, in one update or another, whoever puts them together. (All wait for those
   * whom they know, and do not know two of one name apart.)
   */
  checkKept(machine: Machine, { entryByKey }: DiskState, fates: Fates): void {
    const updates = [...entryByKey.values()].filter(isUpdate);
    const keys = updates.map(({ key }) => key).join(' ');
    if (this.#keysByMachine.get(machine) === keys) return;
    this.#keysByMachine.set(machine, keys);
    if (this.#memberCheck.wasForgotten(machine) || this.#hasClone(machine)) return;
    const all = updates.map(bytesIn).join(' ');
    const uncertain = updatesThat(fates, fates.isUncertain);
    for (const [word, { machine: here, askedAtMs }] of this.#savedByWord) {
      if (here !== machine || all.includes(word)) continue;
      if (this.#mayBeGone(word, uncertain) || fates.hasFallen(machine, askedAtMs)) continue;
      const place = { machine: machine.name, key: DOCUMENT, atMs: this.#world.time.nowMs };
      throw new BrokenPromise('P4', `${word} was saved here, and nothing that is here holds it`, place);
    }
  }

  /**
   * A word that must be there at the end, and is not. It may be gone with what the only disks that had it have lost, if the disk
   * where it was saved is among them: what others have put together, and lost, must not take it along. Yjs shows no change
   * without those that it builds on, so that it may be there and not show.
   */
  missingWord({ text, isPending, updates }: Content, fates: Fates): string | undefined {
    const uncertain = updatesThat(fates, fates.isUncertain);
    const lost = updatesThat(fates, ({ isLost }) => isLost);
    const mayBeHidden = isPending && uncertain.length + lost.length > 0;
    const shown = mayBeHidden ? updates : text;
    for (const [word, { machine, askedAtMs }] of this.#savedByWord) {
      if (shown.includes(word) || this.#mayBeGone(word, uncertain)) continue;
      if (!fates.hasFallen(machine, askedAtMs) || !isIn(lost, word)) return word;
    }
    return undefined;
  }

  #mayBeGone(word: string, uncertain: readonly string[]): boolean {
    return this.#erased.has(word) || isIn(uncertain, word);
  }

  #hasClone({ nodeId }: Machine): boolean {
    return this.#world.clones.some((clone) => clone.nodeId === nodeId);
  }
}

function isUpdate({ key, value }: Pick<PresentEntry, 'key' | 'value'>): boolean {
  return key.startsWith(PREFIX) && value !== undefined;
}

function updatesThat({ known }: Fates, is: (entry: KnownEntry) => boolean): readonly string[] {
  return [...known()].filter((entry) => isUpdate(entry) && is(entry)).map(bytesIn);
}

function isIn(updates: readonly string[], word: string): boolean {
  return updates.some((update) => update.includes(word));
}

/** As characters. */
function bytesIn({ value }: Pick<PresentEntry, 'value'>): string {
  return Buffer.from(bytesOf(value ?? '')).toString('latin1');
}

export function wordsOf(text: string): readonly string[] {
  return text.match(/<\d+>/gu) ?? [];
}

export function contentOn(entries: Iterable<PresentEntry>): Content {
  const doc = new Doc();
  const updates = [...entries].filter(isUpdate);
  for (const { value } of updates) applyUpdate(doc, bytesOf(value ?? ''));
  return {
    text: doc.getText().toJSON(),
    isPending: doc.store.pendingStructs !== null,
    updates: updates.map(bytesIn).join(' '),
  };
}
