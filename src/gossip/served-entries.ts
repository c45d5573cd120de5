/** What a session reads of its pinned snapshot, in either order (R3), each entry with whether the puller has seen it. */

import { assert } from '../core/assert.ts';
import { type FullRow, sameEntries } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import { maxVersion, type Version } from '../core/version.ts';
import type { EntryScan, PinnedState } from '../ports/replica.ts';
import type { Position } from './served-cursor.ts';

export interface ReadEntry {
  readonly entry: Entry;
  /** As far as the puller's rows tell. */
  readonly isSeen: boolean;
}

/** All entries with keys above `after`. */
export async function* readByKey(
  pinned: PinnedState,
  pullerRows: readonly FullRow[],
  after: Uint8Array | undefined,
): AsyncGenerator<ReadEntry, void, undefined> {
  const hasSeenByActor = new Map(pullerRows.map((row) => [row.actor, hasSeen(row)]));
  for await (const entry of drain(pinned.byKey(after))) {
    // Of actors that were not asked for both have the same row; and who holds no entry has none beyond `received`.
    const isSeen = hasSeenByActor.get(entry.actor)?.(entry.version) ?? true;
    yield { entry, isSeen };
  }
}

/** Actor by actor in ascending version; actors of which the puller lacks no entry are passed over. */
export async function* readByVersion(
  pinned: PinnedState,
  pullerRows: readonly FullRow[],
  { after }: Extract<Position, { order: 'version' }>,
): AsyncGenerator<ReadEntry, void, undefined> {
  for (const [index, row] of pullerRows.entries()) {
    const serverRow = pinned.rows[index];
    assert(serverRow?.actor === row.actor, 'a snapshot has the rows that were asked for, in their order');
    if (after !== undefined && row.actor < after.actor) continue;
    if (sameEntries(row, serverRow)) continue;
    const from = after?.actor === row.actor ? maxVersion(after.version, row.received) : row.received;
    const isSeen = hasSeen(row);
    for await (const entry of drain(pinned.byVersion(row.actor, from))) {
      yield { entry, isSeen: isSeen(entry.version) };
    }
  }
}

function hasSeen(row: FullRow): (version: Version) => boolean {
  const cloud = new Set<Version>(row.cloudVersions);
  return (version) => version <= row.received || cloud.has(version);
}

async function* drain(scan: EntryScan): AsyncGenerator<Entry, void, undefined> {
  try {
    for (let page = await scan.next(); page.length > 0; page = await scan.next()) yield* page;
  } finally {
    await scan.close();
  }
}
