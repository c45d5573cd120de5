/** What a session reads of its pinned snapshot, in either order (R3), each entry with whether the puller has seen it. */

import { nodeIdOf } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import { type FullRow, sameEntries } from '../core/context.ts';
import type { Dot, Entry } from '../core/entry.ts';
import { isRetirement, knowsOf, rowlessRow } from '../core/retirement.ts';
import { maxVersion, type Version, VERSION_ZERO } from '../core/version.ts';
import type { EntryScan, PinnedState } from '../ports/replica.ts';
import type { Position } from './served-cursor.ts';

export interface ReadEntry {
  readonly entry: Entry;
  /** As far as the puller's rows tell. */
  readonly isSeen: boolean;
}

/** Nothing of what was looked at up to this dot is present any more. */
export interface Passed {
  readonly entry: undefined;
  readonly dot: Dot;
}

export type Read = ReadEntry | Passed;

/** All entries with keys above `after`, page by page: a promise for each would take longer than all the rest. */
export async function* readByKey(
  pinned: PinnedState,
  pullerRows: readonly FullRow[],
  after: Uint8Array | undefined,
): AsyncGenerator<readonly Read[], void, undefined> {
  const hasSeenByActor = new Map(pullerRows.map((row) => [row.actor, hasSeen(row)]));
  const isSeen = isSeenUnlisted(pinned, pullerRows);
  for await (const page of pages(pinned.byKey(after))) {
    yield page.map((entry) => ({
      entry,
      isSeen: hasSeenByActor.get(entry.actor)?.(entry.version) ?? isSeen(entry),
    }));
  }
}

/** Actor by actor in ascending version, page by page; actors of which the puller lacks no entry are passed over. */
export async function* readByVersion(
  pinned: PinnedState,
  pullerRows: readonly FullRow[],
  { after }: Extract<Position, { order: 'version' }>,
): AsyncGenerator<readonly Read[], void, undefined> {
  for (const [index, row] of pullerRows.entries()) {
    const serverRow = pinned.rows[index];
    assert(serverRow?.actor === row.actor, 'a snapshot has the rows that were asked for, in their order');
    if (after !== undefined && row.actor < after.actor) continue;
    if (sameEntries(row, serverRow)) continue;
    const from = after?.actor === row.actor ? maxVersion(after.version, row.received) : row.received;
    const isSeen = hasSeen(row);
    const scan = pinned.byVersion(row.actor, from);
    for await (const page of pages(scan)) {
      if (page.length > 0) yield page.map((entry) => ({ entry, isSeen: isSeen(entry.version) }));
      else yield [{ entry: undefined, dot: { actor: row.actor, version: scan.lookedAt } }];
    }
  }
}

/**
 * Of actors that were not asked for both have the same row, and who holds no entry has none beyond `received`; unless the
 * actor has no row at the server because its node is gone for ever, which the puller has yet to hear.
 */
function isSeenUnlisted(
  { rows }: Pick<PinnedState, 'rows'>,
  pullerRows: readonly FullRow[],
): (dot: Dot) => boolean {
  const told = rows.flatMap(({ actor, closed }, index) => {
    const before = pullerRows[index]?.closed ?? VERSION_ZERO;
    return isRetirement(actor) && before < closed ? [[nodeIdOf(actor), { before, closed }] as const] : [];
  });
  if (told.length === 0) return () => true;
  const toldByNode = new Map(told);
  return ({ actor, version }) => {
    const retirement = toldByNode.get(nodeIdOf(actor));
    if (retirement === undefined || !knowsOf(retirement.closed, actor)) return true;
    return version <= rowlessRow(actor, retirement.before).received;
  };
}

function hasSeen(row: FullRow): (version: Version) => boolean {
  const cloud = new Set<Version>(row.cloudVersions);
  return (version) => version <= row.received || cloud.has(version);
}

async function* pages(scan: EntryScan): AsyncGenerator<readonly Entry[], void, undefined> {
  try {
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) yield page;
  } finally {
    await scan.close();
  }
}
