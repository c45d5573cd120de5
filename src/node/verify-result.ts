/** A verification as users see it. */

import { BoatoError } from '../core/errors.ts';
import type { ProblemKind } from '../storage/findings.ts';
import type { Verified } from '../storage/repair.ts';
import { checkSignal } from './abort.ts';
import type { VerifyOptions, VerifyResult } from './api.ts';
import { checkKnown } from './options.ts';

/** Fails with `INVALID_OPTION`. */
export function checkVerify(options: VerifyOptions): {
  readonly repair: boolean;
  readonly signal: AbortSignal | undefined;
} {
  checkKnown(options, ['repair', 'signal']);
  const { repair = false } = options;
  if (typeof repair !== 'boolean')
    throw new BoatoError('INVALID_OPTION', 'The option `repair` must be true or false.');
  return { repair, signal: checkSignal(options.signal) };
}

export function toVerifyResult({ findings, repair }: Verified): VerifyResult {
  const problems = findings.problems.map((problem) => ({ ...problem, message: describe(problem.kind) }));
  const { records } = findings;
  const found = { sound: problems.length === 0, records, problems };
  if (repair === undefined) return found;
  return { ...found, repair: { sound: repair.sound, message: whatWasDone(repair) } };
}

function describe(kind: ProblemKind): string {
  switch (kind) {
    case 'marked':
      return 'damage that was met before, and is not repaired yet';
    case 'unreadable':
      return 'records that fail their checksum, or make no sense';
    case 'missing':
      return 'records of who the node is, or of what it holds, that are not there';
    case 'file-unreadable':
      return 'parts of the database that cannot be read';
    case 'unknown':
      return 'records that are not of this format';
    case 'sums-differ':
      return 'sums that do not match the entries';
    case 'not-indexed':
      return 'entries that the dot index does not list';
    case 'not-due':
      return 'tombstones or expiring entries that the due index does not list';
    case 'value-missing':
      return 'entries whose large value is missing';
    case 'value-length':
      return 'entries whose large value has another length';
    case 'value-orphaned':
      return 'large values that belong to no entry';
    case 'row-differs':
      return 'actors whose row does not match their entries';
  }
}

function whatWasDone({ gaveUp, copies, removed, sound }: NonNullable<Verified['repair']>): string {
  if (copies)
    return 'A part of the database cannot be read: what can be is copied when it is opened next. Repair it once more then.';
  const done = [
    ...(gaveUp
      ? [
          'What could not be read was removed, and indexes and sums were made anew from the entries that are left.',
        ]
      : []),
    ...(removed > 0 ? [`Records that belonged to nothing were removed: ${removed}.`] : []),
    ...(gaveUp ? ['What this node had seen is forgotten: it asks its peers for the rest once it runs.'] : []),
    ...(sound ? [] : ['A second look still found problems: empty the folder, and let the peers fill it.']),
  ];
  return done.join(' ');
}
