/** Looks for damage, and mends what can be mended without peers. */

import { damaged } from './damage.ts';
import { type Findings, isDamaging } from './findings.ts';
import type { ReplicaParts } from './replica-parts.ts';
import { sweep } from './sweep.ts';

/** What a verification found, and what was done about it. */
export interface Verified {
  readonly findings: Findings;
  readonly repair:
    | {
        /** The context was given up. */
        readonly gaveUp: boolean;
        /** Nothing yet: what can be read of the database is copied when it is opened next. */
        readonly copies: boolean;
        /** Records that belonged to nothing. */
        readonly removed: number;
        /** A second look found nothing. */
        readonly sound: boolean;
      }
    | undefined;
}

/** What it finds counts as damage that was met. */
export async function verifyOnly(
  { health, onDamage }: ReplicaParts,
  isCalledOff: () => boolean,
): Promise<Verified> {
  const findings = await health.verify(isCalledOff);
  if (findings.problems.some(isDamaging)) onDamage(damaged('is damaged or missing'));
  return { findings, repair: undefined };
}

/** If there is damage the context is given up; what belongs to nothing is removed. */
export async function verifyAndRepair(
  { health, store, committer }: ReplicaParts,
  isCalledOff: () => boolean,
): Promise<Verified> {
  const findings = await health.verify(isCalledOff);
  if (findings.problems.length === 0) return { findings, repair: undefined };
  if (findings.problems.some(({ kind }) => kind === 'file-unreadable')) {
    health.unreadable(damaged('cannot be read, nor can those near it'));
    return { findings, repair: { gaveUp: false, copies: true, removed: 0, sound: false } };
  }
  const gaveUp = findings.problems.some(isDamaging);
  if (gaveUp) await health.giveUp('a verification found damage');
  const removed = await sweep(store, committer);
  const after = await health.verify(isCalledOff);
  return { findings, repair: { gaveUp, copies: false, removed, sound: after.problems.length === 0 } };
}
