/** How many sessions a node keeps for others, and which make room for a new one (R5). */

import type { NodeId } from '../core/actor.ts';

/** Snapshots kept at once; each keeps old records on disk alive. */
const SESSIONS_MAX = 64;

/** A puller needs one; a second may outlive a broken connection. */
const SESSIONS_OF_PEER_MAX = 2;

/** Rows that these were opened with, together: of the order of 200 MiB. Twice what one message can bring (`ROWS_MAX`). */
const SESSION_ROWS_MAX = 2 ** 19;

export interface RoomTaker {
  readonly peer: NodeId;
  /** That the session was opened with. */
  readonly rows: number;
}

/** Those of `kept` for which there is no room beside `added`. `kept`: the least lately used one first. */
export function inTheWayOf<T extends RoomTaker>(added: RoomTaker, kept: readonly T[]): ReadonlySet<T> {
  const ofPeer = kept.filter(({ peer }) => peer === added.peer);
  const surplus = new Set([
    ...ofPeer.slice(0, Math.max(0, ofPeer.length + 1 - SESSIONS_OF_PEER_MAX)),
    ...kept.slice(0, Math.max(0, kept.length + 1 - SESSIONS_MAX)),
  ]);
  const others = kept.filter((one) => !surplus.has(one));
  let keptRows = others.reduce((sum, { rows }) => sum + rows, added.rows);
  for (const one of others) {
    if (keptRows <= SESSION_ROWS_MAX) break;
    keptRows -= one.rows;
    surplus.add(one);
  }
  return surplus;
}
