/**
 * What somebody who watches was told: a causal context with its horizon, as a puller's (R3), single dots in one set. It may
 * say less than the truth, never more: what it does not cover is told again.
 */

import { type Actor, birthOf } from '../core/actor.ts';
import { isLate, isTrivial, unknownRow } from '../core/context.ts';
import type { Dot } from '../core/entry.ts';
import { maxVersion, type Version } from '../core/version.ts';
import type { Snapshot } from '../ports/ordered-store.ts';
import { DotScan } from './dot-index.ts';
import type { State } from './state.ts';

/** Single dots of all actors; while there are more (a first copy, a long session) none are kept. 8 KiB of a token. */
const DOTS_MAX = 1024;

export interface ToldRow {
  readonly received: Version;
  readonly closed: Version;
  /** Beyond `received`: seen, be they present or not. */
  readonly dots: ReadonlySet<Version>;
}

export interface Told {
  readonly rowByActor: ReadonlyMap<Actor, ToldRow>;
  readonly horizon: Version;
}

/** A row of the context as of a snapshot. */
export interface PinnedRow extends ToldRow {
  readonly actor: Actor;
  readonly no: number;
  /** Dots that are present beyond `received`, and not among `dots`. */
  readonly looseCount: number;
}

/** Between two commits. */
export function pinRows({ context }: State): readonly PinnedRow[] {
  const rows: PinnedRow[] = [];
  for (const row of context.all()) {
    if (isTrivial(row)) continue;
    const { actor, no, received, closed, loose } = row;
    rows.push({ actor, no, received, closed, dots: new Set(row.cloudVersions), looseCount: loose.count });
  }
  return rows;
}

export function hasSeen({ rowByActor }: Told, { actor, version }: Dot): boolean {
  const row = rowByActor.get(actor);
  return row !== undefined && (version <= row.received || row.dots.has(version));
}

/** The whole context of a snapshot, which it was pinned with. */
export async function toldOf(rows: readonly PinnedRow[], horizon: Version, snapshot: Snapshot): Promise<Told> {
  const dots = rows.reduce((sum, row) => sum + row.dots.size + row.looseCount, 0);
  const rowByActor = new Map<Actor, ToldRow>();
  for (const row of rows) {
    const { actor, received, closed } = row;
    const kept = dots > DOTS_MAX ? new Set<Version>() : await withLoose(row, snapshot);
    rowByActor.set(actor, { received, closed, dots: kept });
  }
  return { rowByActor, horizon };
}

/** Whether everything that `told` covers was seen as of the snapshot. */
export async function isCovered(
  told: Told,
  rows: readonly PinnedRow[],
  snapshot: Snapshot,
): Promise<boolean> {
  const rowByActor = new Map(rows.map((row) => [row.actor, row]));
  for (const [actor, { received, dots }] of told.rowByActor) {
    const here = rowByActor.get(actor);
    if (received > (here?.received ?? birthOf(actor))) return false;
    const isMissing = (version: Version): boolean =>
      here === undefined || (version > here.received && !here.dots.has(version));
    let missing = [...dots].filter(isMissing);
    if (here !== undefined && missing.length > 0) {
      const present = await withLoose(here, snapshot);
      missing = missing.filter((version) => !present.has(version));
    }
    if (missing.length > 0) return false;
  }
  return true;
}

/** R7, of who was told so much and would be told the rest of what these rows cover. */
export function isToldLate(told: Told, rows: readonly PinnedRow[], horizon: Version): boolean {
  const highest = maxVersion(told.horizon, horizon);
  return rows.some(({ actor, closed }) => {
    const row = told.rowByActor.get(actor);
    const own = row === undefined ? undefined : { ...unknownRow(actor), closed: row.closed };
    return isLate(own, closed, actor, highest);
  });
}

/** Pairs of the index that are stale are in the cloud. */
async function withLoose(row: PinnedRow, snapshot: Snapshot): Promise<ReadonlySet<Version>> {
  if (row.looseCount === 0) return row.dots;
  const dots = new Set(row.dots);
  const scan = new DotScan(snapshot, row.no, row.received);
  try {
    for (let page = await scan.next(); page.length > 0; page = await scan.next())
      for (const { version } of page) dots.add(version);
  } finally {
    await scan.close();
  }
  return dots;
}
