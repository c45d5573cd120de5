/** What the writer of an entry had seen as it wrote, at least: as much as was on its disk when it was last looked at. */

import { compareDots, type Dot } from '../../core/entry.ts';
import { type Seen, seenOf } from './disk-state.ts';

export interface WriterSeen extends Seen {
  /** What its key held. */
  readonly present: Dot | undefined;
  /** It had given up its context, and had not yet completed a session with each of its peers (P5). */
  readonly isHealing: boolean;
}

export const NOTHING_SEEN: WriterSeen = {
  rowByActor: new Map(),
  retiredAt: new Map(),
  present: undefined,
  isHealing: false,
};

/** Whether the author of `dot`, having seen `seen`, knew `other`. */
export function hadSeen(seen: WriterSeen, dot: Dot | undefined, other: Dot): boolean {
  if (dot?.actor === other.actor) return other.version < dot.version;
  const row = seenOf(seen, other.actor);
  if (row !== undefined && (other.version <= row.received || row.cloudVersions.has(other.version)))
    return true;
  return seen.present !== undefined && compareDots(seen.present, other) === 0;
}
