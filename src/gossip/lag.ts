/**
 * What a peer has that this node lacks, as far as the peer last told. Its rows are kept until it tells again, and are
 * compared anew whenever somebody asks: another peer may have brought what they are about.
 */

import { nodeIdOf } from '../core/actor.ts';
import { dominates, type Row } from '../core/context.ts';
import { isRetirement, knownRow } from '../core/retirement.ts';
import { maxVersion, type Version, VERSION_ZERO, wallMsOf } from '../core/version.ts';
import type { Replica } from '../ports/replica.ts';

/** Rows that are kept of a peer, those of the newest writes; of others only how many they were. */
const ROWS_MAX = 1024;

/** The last word of a peer on what it has seen. */
export interface LastWord {
  /** Monotonic time. */
  readonly heardAtMs: number;
  /** Rows that told something unseen here, the newest first. */
  readonly rows: readonly Row[];
  /** How many more such rows there were. */
  readonly others: number;
}

export interface Lag {
  /** Actors of which the peer has seen something that this node has not. */
  readonly actorsBehind: number;
  /** Age of the newest of it by the own clock, at least 1; 0 if there is nothing. */
  readonly lagMs: number;
}

type Rows = Pick<Replica, 'row' | 'heads'>;

/** Both have seen the same. */
export function nothingUnseen(heardAtMs: number): LastWord {
  return { heardAtMs, rows: [], others: 0 };
}

/** `rows`: those of the peer that may differ. */
export function lastWordOf(rows: readonly Row[], replica: Rows, heardAtMs: number): LastWord {
  const unseen = rows
    .flatMap((row) => {
      const newest = newestUnseen(row, replica);
      return newest === undefined ? [] : [{ row, newest }];
    })
    .toSorted((a, b) => b.newest - a.newest)
    .map(({ row }) => row);
  return { heardAtMs, rows: unseen.slice(0, ROWS_MAX), others: Math.max(0, unseen.length - ROWS_MAX) };
}

/** As far as it is true still. What is not kept counts as unseen until the peer tells again. */
export function lagOf({ rows, others }: LastWord, replica: Rows, wallMs: number): Lag {
  const unseen = rows.flatMap((row) => newestUnseen(row, replica) ?? []);
  const actorsBehind = unseen.length + others;
  if (actorsBehind === 0) return { actorsBehind, lagMs: 0 };
  const oldestKept = rows.at(-1)?.received ?? VERSION_ZERO;
  const newest = unseen.length > 0 ? unseen.reduce(maxVersion) : oldestKept;
  return { actorsBehind, lagMs: Math.max(1, Math.round(wallMs) - wallMsOf(newest)) };
}

/**
 * The newest version that a row tells of and this node has not seen. Where only single dots differ, whose versions do not
 * travel in digests, it is the one beyond which they lie: the lag is at most as long.
 */
function newestUnseen(theirs: Row, replica: Rows): Version | undefined {
  const own = knownRow(theirs.actor, (actor) => replica.row(actor));
  if (dominates(own, theirs) || isOldNews(theirs, replica)) return undefined;
  if (theirs.received > own.received) return theirs.received;
  return theirs.closed > own.closed ? theirs.closed : own.received;
}

/** A retirement is no write: it stands for those of its node, up to the last one, which this node has seen. */
function isOldNews({ actor, received }: Row, replica: Rows): boolean {
  if (!isRetirement(actor)) return false;
  const nodeId = nodeIdOf(actor);
  return replica.heads().some((head) => nodeIdOf(head.actor) === nodeId && head.received >= received);
}
