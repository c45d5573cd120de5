/** Who wrote what, as its users saw it: every write that was asked for, what its writer had seen, and what came of it. */

import type { Dot } from '../../core/entry.ts';
import type { WriterSeen } from './writer-seen.ts';

/** One key of a write that was asked for. */
export interface Asked {
  readonly machine: string;
  readonly nodeId: string;
  readonly key: string;
  /** As `textOf` has it; `undefined`: a deletion. Members of sets have the same one again and again, nothing else has. */
  readonly value: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  readonly askedAtMs: number;
  /** What the right time was then, milliseconds since 1970. */
  readonly askedWallMs: number;
  /** What its writer had seen then, at least. */
  readonly seen: WriterSeen;
}

/** `refused`: nothing of it was written, and never will be. `failed`: it may have been. */
export type WriteOutcome = 'asked' | 'acknowledged' | 'refused' | 'failed';

export interface Written extends Asked {
  outcome: WriteOutcome;
  /** Of one that was acknowledged. */
  dot: Dot | undefined;
  /** First and last version of its batch. */
  batch: { readonly first: number; readonly last: number } | undefined;
}

export class Ledger {
  readonly writes: Written[] = [];
  /** Called once a write was acknowledged. */
  onAcknowledged: (written: Written) => void = () => {};
  readonly #byValue = new Map<string, Written[]>();
  readonly #byKey = new Map<string, Written[]>();
  #values = 0;

  /** A value that no other write has, of about so many bytes. */
  nextValue(bytes: number = 0): string {
    return `v${this.#values++}`.padEnd(bytes, '.');
  }

  asked(asked: Asked): Written {
    const written: Written = { ...asked, outcome: 'asked', dot: undefined, batch: undefined };
    this.writes.push(written);
    add(this.#byKey, written.key, written);
    if (written.value !== undefined) add(this.#byValue, nameOfValue(written.key, written.value), written);
    return written;
  }

  /** The writes of one batch, in their order. */
  acknowledged(writes: readonly Written[], dots: readonly Dot[]): void {
    const batch = { first: dots[0]?.version ?? 0, last: dots.at(-1)?.version ?? 0 };
    for (const [at, written] of writes.entries()) {
      written.outcome = 'acknowledged';
      written.dot = dots[at];
      written.batch = batch;
      this.onAcknowledged(written);
    }
  }

  notAcknowledged(writes: readonly Written[], outcome: 'refused' | 'failed'): void {
    for (const written of writes) written.outcome = outcome;
  }

  /** Who asked for this value under this key. */
  ofValue(key: string, value: string): readonly Written[] {
    return this.#byValue.get(nameOfValue(key, value)) ?? [];
  }

  ofKey(key: string): readonly Written[] {
    return this.#byKey.get(key) ?? [];
  }

  /** Deletions, and entries that expire, of a key: after which it may be absent for good. */
  endingOf(key: string): readonly Written[] {
    return this.ofKey(key).filter(({ value, expiresAt }) => value === undefined || expiresAt !== undefined);
  }
}

function nameOfValue(key: string, value: string): string {
  return `${key} ${value}`;
}

function add(lists: Map<string, Written[]>, name: string, written: Written): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [written]);
  else list.push(written);
}
