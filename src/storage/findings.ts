/** What a verification counts and finds: each kind of problem with its number and the first example. */

import { readUint32, readUint64 } from '../core/bytes.ts';
import { type KeySpace, keyOfDue, keyOfEntry, spaceOf } from './keyspace.ts';

export type ProblemKind =
  /** Damage was met before, and the context was not given up yet. */
  | 'marked'
  /** A record fails its checksum, or makes no sense. */
  | 'unreadable'
  /** A record of the node itself that must be there. */
  | 'missing'
  /** A part of the database's files cannot be read, and the records in it are not known. */
  | 'file-unreadable'
  /** A record of no key space of this layout. */
  | 'unknown'
  /** The sums over all, or over permanent entries, are not those that were kept. */
  | 'sums-differ'
  /** An entry without a pair in the dot index. */
  | 'not-indexed'
  /** A tombstone or an expiring entry without a due record. */
  | 'not-due'
  | 'value-missing'
  | 'value-length'
  /** A large value that belongs to no entry. */
  | 'value-orphaned'
  /** An actor's row does not add up with its entries and its cloud, or is not the one in memory. */
  | 'row-differs';

export interface Problem {
  readonly kind: ProblemKind;
  readonly space: KeySpace | 'unknown';
  readonly count: number;
  /** A key, or an actor and a version. */
  readonly example: string;
}

export interface Findings {
  readonly records: Readonly<Partial<Record<KeySpace, number>>>;
  readonly problems: readonly Problem[];
}

/** No entry, and no claim, can be wrong by it: it takes room, and nothing else. */
const HARMLESS: ReadonlySet<ProblemKind> = new Set<ProblemKind>(['unknown', 'value-orphaned']);

/** Whether the context must be given up (R8). */
export function isDamaging({ kind }: Problem): boolean {
  return !HARMLESS.has(kind);
}

export class FindingsList {
  readonly #actorOf: (no: number) => string | undefined;
  readonly #countBySpace: Partial<Record<KeySpace, number>> = {};
  readonly #problems = new Map<string, Problem>();

  constructor(actorOf: (no: number) => string | undefined) {
    this.#actorOf = actorOf;
  }

  count(space: KeySpace): void {
    this.#countBySpace[space] = (this.#countBySpace[space] ?? 0) + 1;
  }

  counted(space: KeySpace): number {
    return this.#countBySpace[space] ?? 0;
  }

  /** A problem of the record under `storedKey`. */
  add(kind: ProblemKind, storedKey: Uint8Array): void {
    this.addNamed(kind, spaceOf(storedKey) ?? 'unknown', describeKey(storedKey, this.#actorOf));
  }

  addNamed(kind: ProblemKind, space: Problem['space'], example: string, count: number = 1): void {
    const name = `${kind} ${space}`;
    const before = this.#problems.get(name);
    const problem = { kind, space, example: before?.example ?? example, count: (before?.count ?? 0) + count };
    this.#problems.set(name, problem);
  }

  finish(): Findings {
    return { records: this.#countBySpace, problems: [...this.#problems.values()] };
  }
}

const decoder = new TextDecoder();

/** A stored key for people. */
export function describeKey(storedKey: Uint8Array, actorOf: (no: number) => string | undefined): string {
  const space = spaceOf(storedKey);
  switch (space) {
    case 'entry':
      return decoder.decode(keyOfEntry(storedKey));
    case 'due':
      return decoder.decode(keyOfDue(storedKey));
    case 'meta':
    case 'session':
    case 'progress':
      return decoder.decode(storedKey.subarray(1));
    case 'row':
      return storedKey.length === 5 ? actorName(readUint32(storedKey, 1), actorOf) : hexOf(storedKey);
    case 'largeValue':
    case 'segment':
    case 'singleDot':
    case 'cloud':
      return storedKey.length === 13
        ? `${actorName(readUint32(storedKey, 1), actorOf)} at ${readUint64(storedKey, 5)}`
        : hexOf(storedKey);
    case undefined:
      return hexOf(storedKey);
  }
}

function actorName(no: number, actorOf: (no: number) => string | undefined): string {
  return actorOf(no) ?? `unknown actor ${no}`;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
