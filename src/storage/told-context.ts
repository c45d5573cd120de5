/**
 * What somebody who watches was told: a causal context with its horizon, as a puller's (R3), single dots in one set. It may
 * say less than the truth, never more: what it does not cover is told again.
 */

import { type Actor, birthOf, nodeIdOf } from '../core/actor.ts';
import { isLate, isTrivial, type Predecessor, unknownRow } from '../core/context.ts';
import type { Dot } from '../core/entry.ts';
import { knowsOf, retirementOf } from '../core/retirement.ts';
import { maxVersion, type Version } from '../core/version.ts';
import type { Snapshot } from '../ports/ordered-store.ts';
import { DotScan } from './dot-index.ts';
import { cloudKey } from './keyspace.ts';
import type { State } from './state.ts';

/** Single dots of all actors; while there are more (a first copy, a long session) none are kept. 8 KiB of a token. */
const DOTS_MAX = 1024;

export const NO_DOTS: ReadonlySet<Version> = new Set();

export interface ToldRow {
  readonly received: Version;
  readonly closed: Version;
  /** Beyond `received`: seen, be they present or not. */
  readonly dots: ReadonlySet<Version>;
  /** Absent in a token. */
  readonly predecessor?: Predecessor | undefined;
}

export interface Told {
  readonly rowByActor: ReadonlyMap<Actor, ToldRow>;
  readonly horizon: Version;
  /** There were too many single dots to have them here, some of them of entries: only who told them knows which. */
  readonly unnamed: boolean;
}

/** A row of the context as of a snapshot. */
export interface PinnedRow extends ToldRow {
  readonly actor: Actor;
  readonly no: number;
  /** Dots that are present beyond `received`, and not among `dots`. */
  readonly looseCount: number;
}

/** The context as of a snapshot. */
export interface PinnedContext {
  readonly rows: readonly PinnedRow[];
  readonly horizon: Version;
  /** Whether it has few single dots, and the index all of them: otherwise the rows have none, which are on disk. */
  readonly hasDots: boolean;
}

/** Between two commits. */
export function pinContext({ context, horizon, unindexed }: State): PinnedContext {
  const hasDots = !unindexed && context.cloudDots + context.looseDots <= DOTS_MAX;
  const rows: PinnedRow[] = [];
  for (const row of context.all()) {
    if (isTrivial(row)) continue;
    const { actor, no, received, closed, loose, cloudVersions, predecessor } = row;
    const dots = hasDots && cloudVersions.size > 0 ? new Set(cloudVersions) : NO_DOTS;
    rows.push({ actor, no, received, closed, dots, looseCount: loose.count, predecessor });
  }
  return { rows, horizon, hasDots };
}

/** What of an actor was told, be it by its own row or by the retirement of its node. */
export function toldRow(rowByActor: ReadonlyMap<Actor, ToldRow>, actor: Actor): ToldRow | undefined {
  const row = rowByActor.get(actor);
  if (row !== undefined) return row;
  const retiredAt = rowByActor.get(retirementOf(nodeIdOf(actor)))?.closed;
  return knowsOf(retiredAt, actor) ? { received: retiredAt, closed: retiredAt, dots: NO_DOTS } : undefined;
}

export function hasSeen({ rowByActor }: Told, { actor, version }: Dot): boolean {
  const row = toldRow(rowByActor, actor);
  return row !== undefined && (version <= row.received || row.dots.has(version));
}

/** All of a context, as far as it is kept. */
export async function toldOf({ rows, horizon, hasDots }: PinnedContext, snapshot: Snapshot): Promise<Told> {
  const rowByActor = new Map<Actor, ToldRow>();
  for (const row of rows) {
    const { actor, received, closed, predecessor } = row;
    const dots = hasDots && row.looseCount > 0 ? await withLoose(row, snapshot) : row.dots;
    rowByActor.set(actor, { received, closed, dots, predecessor });
  }
  return { rowByActor, horizon, unnamed: !hasDots && rows.some(({ looseCount }) => looseCount > 0) };
}

/** The rows that cover more than those of `told` do. */
export function beyond(told: Told, { rowByActor }: Told): ReadonlyMap<Actor, ToldRow> {
  return new Map(
    [...rowByActor].filter(
      ([actor, { received, dots }]) =>
        !hasSeen(told, { actor, version: received }) ||
        [...dots].some((version) => !hasSeen(told, { actor, version })),
    ),
  );
}

/** Whether everything that the rows cover was seen as of the snapshot. */
export async function isCovered(
  rowByActor: ReadonlyMap<Actor, ToldRow>,
  { rows }: PinnedContext,
  snapshot: Snapshot,
): Promise<boolean> {
  const hereByActor = new Map(rows.map((row) => [row.actor, row]));
  for (const [actor, { received, dots }] of rowByActor) {
    const here = hereByActor.get(actor);
    const receivedHere = toldRow(hereByActor, actor)?.received ?? birthOf(actor);
    const single = [...dots].filter((version) => version > receivedHere);
    if (received > receivedHere || (here === undefined && single.length > 0)) return false;
    if (here === undefined || single.length === 0) continue;
    const inCloud = await snapshot.getMany(single.map((version) => cloudKey(here.no, version)));
    const missing = single.filter((_, index) => inCloud[index] === undefined);
    if (missing.length === 0) continue;
    const present = await withLoose(here, snapshot);
    if (!missing.every((version) => present.has(version))) return false;
  }
  return true;
}

/** R7, of who was told so much, and would be told the rest of a context. */
export function isToldLate(told: Told, { rows, horizon }: PinnedContext): boolean {
  const highest = maxVersion(told.horizon, horizon);
  return rows.some(({ actor, closed }) => {
    const row = toldRow(told.rowByActor, actor);
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
