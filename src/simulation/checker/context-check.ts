/** Of one disk, by itself: sums, loose sums, links (I4, I5, I9); and against what it held before: a context only grows (I3). */

import { birthOf, nodeIdOf } from '../../core/actor.ts';
import { equalSums, SUM_ZERO, type Sum } from '../../core/context.ts';
import { addSum, type Fingerprints } from '../../core/fingerprint.ts';
import { knowsOf, speaksFor } from '../../core/retirement.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import { type DiskState, hasSeen, type Seen, seenOf, type SeenRow } from './disk-state.ts';

export function checkSums(state: DiskState, fingerprints: Fingerprints, place: Place): void {
  const { entryByKey, rowByActor, node } = state;
  let all: Sum = SUM_ZERO;
  let permanent: Sum = SUM_ZERO;
  const looseByActor = new Map<string, Sum>();
  for (const { actor, version, tombstone, expiresAt, sum } of entryByKey.values()) {
    all = addSum(all, sum);
    if (!tombstone && expiresAt === undefined) permanent = addSum(permanent, sum);
    const row = rowByActor.get(actor);
    if (row === undefined || version <= row.received || row.cloudVersions.has(version)) continue;
    looseByActor.set(actor, addSum(looseByActor.get(actor) ?? SUM_ZERO, fingerprints.dot(actor, version)));
  }
  const addsUp = (stored: Sum | undefined, found: Sum | undefined): boolean =>
    isCountOf(stored ?? SUM_ZERO, found ?? SUM_ZERO, node?.uncounted ?? false);
  if (!addsUp(node?.all, all))
    throw new BrokenPromise(
      'I5',
      `the sum counts ${node?.all.count} entries, and ${all.count} do not add up to it`,
      place,
    );
  if (!addsUp(node?.permanent, permanent))
    throw new BrokenPromise('I5', 'the sum of permanent entries is not that of the entries', place);
  for (const row of rowByActor.values()) {
    if (!addsUp(row.loose, looseByActor.get(row.actor)))
      throw new BrokenPromise('I5', `the loose sum of ${row.actor} is not that of its loose entries`, place);
    if (row.cloud.count !== row.cloudVersions.size)
      throw new BrokenPromise('I4', `the cloud of ${row.actor} does not count its dots`, place);
    checkRow(row, state, place);
  }
}

/** In the middle of a first copy there may be more than is counted. */
function isCountOf(stored: Sum, found: Sum, mayBeMore: boolean): boolean {
  return equalSums(stored, found) || (mayBeMore && stored.count < found.count);
}

function checkRow(row: SeenRow, state: Seen, place: Place): void {
  const { actor, received, closed, predecessor } = row;
  const birth = birthOf(actor);
  if (closed > received || closed < birth)
    throw new BrokenPromise('I4', `${actor} is closed above what was received, or below its birth`, place);
  const retiredAt = state.retiredAt.get(nodeIdOf(actor));
  if (knowsOf(retiredAt, actor) && closed < retiredAt)
    throw new BrokenPromise('I9', `the node of ${actor} is retired, and its row says less`, place);
  if (predecessor === undefined) return;
  const before = seenOf(state, predecessor.actor);
  if (closed > birth && (before?.closed ?? 0) < predecessor.closed)
    throw new BrokenPromise('I9', `${actor} is closed, and its predecessor is not`, place);
  if (received > birth && (before?.received ?? 0) < predecessor.closed)
    throw new BrokenPromise('I9', `${actor} was received, and its predecessor was not`, place);
}

/** I3: whatever was seen before is seen now. */
export function checkGrown(before: DiskState, now: DiskState, place: Place): void {
  for (const { actor, received, closed, cloudVersions } of before.rowByActor.values()) {
    const row = seenOf(now, actor);
    if (row === undefined) throw new BrokenPromise('I3', `${actor} is known no more`, place);
    if (row.received < received) throw new BrokenPromise('I3', `received of ${actor} fell`, place);
    if (row.closed < closed) throw new BrokenPromise('I3', `closed of ${actor} fell`, place);
    for (const version of cloudVersions)
      if (version > row.received && !row.cloudVersions.has(version))
        throw new BrokenPromise('I3', 'a dot left the cloud', { ...place, dot: { actor, version } });
  }
  if ((now.node?.horizon ?? 0) < (before.node?.horizon ?? 0))
    throw new BrokenPromise('I3', 'the horizon fell', place);
  for (const entry of before.entryByKey.values())
    if (!hasSeen(now, entry, entry.key))
      throw new BrokenPromise('I3', 'an entry that was here was never seen', {
        ...place,
        key: entry.key,
        dot: entry,
      });
}

/** What is compared between nodes (I6), and told in summaries. */
export function contextHashOf({ rowByActor, retiredAt }: DiskState, fingerprints: Fingerprints): bigint {
  let hash = 0n;
  for (const row of rowByActor.values())
    if (!speaksFor(retiredAt.get(nodeIdOf(row.actor)), row)) hash += fingerprints.row(row);
  return BigInt.asUintN(64, hash);
}
