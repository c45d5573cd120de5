/** The end: all nodes hold the same, and of each key what its writers were promised. */

import { compareDots, type Dot } from '../../core/entry.ts';
import { BrokenPromise } from './broken-promise.ts';
import type { DiskState, PresentEntry } from './disk-state.ts';
import type { Fate } from './fate.ts';
import type { KnownEntries } from './known-entries.ts';
import { isPastLostTo } from './seen-elsewhere.ts';

export interface Outcome {
  readonly stateByMachine: ReadonlyMap<string, DiskState>;
  readonly known: KnownEntries;
  readonly fate: Fate;
  readonly atMs: number;
}

/** P3: byte-equal, but for what ended: one may have collected it, and hold nothing, or what P5 lets survive it. */
export function checkEqual({ stateByMachine, fate, known, atMs }: Outcome): void {
  const [first, ...others] = [...stateByMachine];
  if (first === undefined) return;
  for (const [machine, state] of others) {
    for (const key of new Set([...first[1].entryByKey.keys(), ...state.entryByKey.keys()])) {
      const [a, b] = [first[1].entryByKey.get(key), state.entryByKey.get(key)];
      if (isSame(a, b) || mayDiffer(a, b, state, known, fate)) continue;
      throw new BrokenPromise('P3', `it differs from ${first[0]} in what it holds`, {
        machine,
        key,
        dot: a ?? b,
        atMs,
      });
    }
  }
}

function mayDiffer(
  a: PresentEntry | undefined,
  b: PresentEntry | undefined,
  state: DiskState,
  known: KnownEntries,
  fate: Fate,
): boolean {
  const isFirstLarger = b === undefined || (a !== undefined && compareDots(a, b) > 0);
  const [larger, smaller] = isFirstLarger ? [a, b] : [b, a];
  const ended = larger && isEnding(larger) ? known.get(larger) : undefined;
  if (ended === undefined || !fate.mayBeCollected(ended)) return false;
  // A comparison leaves a tombstone where it is, whatever took its place elsewhere: collecting takes it (R9).
  if (smaller === undefined || smaller.tombstone) return true;
  return isEnding(smaller) && fate.maySurvive(smaller, [ended], isPastLostTo(state));
}

/** P4 and P5, of one machine: all are equal. */
export function checkKept({ stateByMachine, known, fate, atMs }: Outcome): void {
  for (const [machine, state] of stateByMachine) {
    for (const key of known.keys()) checkKey(key, machine, state, known, fate, atMs);
  }
}

function checkKey(
  key: string,
  machine: string,
  state: DiskState,
  known: KnownEntries,
  fate: Fate,
  atMs: number,
): void {
  const here = state.entryByKey.get(key);
  const certain = known
    .ofKey(key)
    .filter(({ written, isLost }) => written?.outcome === 'acknowledged' && !isLost);
  // What a repair of a clock wrote again has another dot now.
  const largest = certain.find((entry) => !known.isRewritten(entry));
  if (largest === undefined || (here !== undefined && compareDots(here, largest) >= 0)) return;
  const place = { machine, key, atMs };
  if (here === undefined) {
    if (fate.mayBeCollected(largest)) return;
    throw new BrokenPromise('P4', 'an acknowledged write is gone', { ...place, dot: largest });
  }
  const dot: Dot = here;
  const larger = certain.filter((entry) => compareDots(entry, here) > 0);
  if (!fate.mayBeCollected(largest))
    throw new BrokenPromise('P4', `an acknowledged write lost to a smaller one, ${largest.version}`, {
      ...place,
      dot,
    });
  if (!isEnding(here) && !fate.maySurvive(here, larger, isPastLostTo(state)))
    throw new BrokenPromise('P5', 'a value is back that was deleted by somebody who had seen it', {
      ...place,
      dot,
    });
}

function isEnding({ tombstone, expiresAt }: PresentEntry): boolean {
  return tombstone || expiresAt !== undefined;
}

function isSame(a: PresentEntry | undefined, b: PresentEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    compareDots(a, b) === 0 &&
    a.value === b.value &&
    a.tombstone === b.tombstone &&
    a.expiresAt === b.expiresAt &&
    a.first === b.first &&
    a.last === b.last
  );
}
