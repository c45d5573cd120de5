/**
 * R11: once the clock is mended, takes out what no correct node can have accepted: what lies above `now + 2 maxDriftMs`.
 *
 * 1. One atomic batch: after a crash all of it is done, or nothing.
 * 2. Rows fall back to the limit, and dots above it are seen no more; actors born above it are known no more. The
 *    horizon falls, too, and the highest version seen to what is left, so that own writes are accepted again.
 * 3. Sessions and snapshots are void: they claim what is taken out.
 * 4. A new actor, without predecessor, writes the node's own entries again, in their old order: nothing that it
 *    acknowledged is lost. Other nodes write theirs again themselves; `all` does it here.
 * 5. What another node's entry had replaced here was seen, and is not here. Nobody may be told that it was deleted: unless
 *    every entry is written again, the context is given up (R8) in the same batch, and peers that hold it bring it back.
 */

import { birthOf } from '../core/actor.ts';
import { receivedVersionMax } from '../core/drift.ts';
import { tick, type Version } from '../core/version.ts';
import type { Entry } from '../core/entry.ts';
import type { LiveRow } from './context-table.ts';
import { damaged, reportingDamage } from './damage.ts';
import { type Future, type IndexCut, readFuture, REPAIR_BYTES_MAX } from './future.ts';
import { giveUp } from './give-up.ts';
import { cloudKey, segmentKey } from './keyspace.ts';
import type { Present } from './dot-cache.ts';
import type { ReplicaParts } from './replica-parts.ts';
import { encodeSegment } from './segment-record.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';
import { beginActor, type WriteSettings } from './write.ts';

export interface ClockRepair {
  /** Entries that were taken out. */
  readonly removed: number;
  /** Those of them that were written again. */
  readonly rewritten: number;
  /** Those of them that other nodes had written. */
  readonly others: number;
  /** What was seen is forgotten, and asked for anew: other nodes' entries were taken out, and not written again. */
  readonly gaveUp: boolean;
}

const NOTHING: ClockRepair = { removed: 0, rewritten: 0, others: 0, gaveUp: false };

/** Whether anything lies above the limit, as far as the highest version seen tells. */
export function holdsFuture({ last }: Pick<State, 'last'>, wallMs: number, maxDriftMs: number): boolean {
  return last > receivedVersionMax(wallMs, maxDriftMs);
}

/**
 * Resolves when it is on disk. Commits wait meanwhile, reads do not. The store must be sound, as far as is known. Fails
 * with `RECORD_DAMAGED` and `BATCH_TOO_LARGE`, changing nothing.
 */
export async function repairClock(
  { store, state, options, committer, sessions, deferredIndex, onDamage }: ReplicaParts,
  all: boolean,
  bytesMax: number = REPAIR_BYTES_MAX,
): Promise<ClockRepair> {
  const { clock, log, maxDriftMs, random } = options;
  const repaired = await deferredIndex.exclusive(async () => {
    if (state.damaged) throw damaged('is damaged');
    const wallMs = clock.wallMs();
    if (!holdsFuture(state, wallMs, maxDriftMs)) return NOTHING;
    const limit = receivedVersionMax(wallMs, maxDriftMs);
    const future = await reportingDamage(onDamage, () =>
      readFuture(store, state, limit, all, onDamage, bytesMax),
    );
    return committer.commitNow({
      keys: future.keys,
      bytes: 0,
      sync: true,
      decide: (transaction) => {
        transaction.assertReadable(future.keys);
        sessions.deleteAll(transaction);
        for (const key of future.keys) transaction.takeOut(key, transaction.present(key) as Present);
        fallBack(transaction, future, limit);
        const gaveUp = future.others > 0 && !all;
        if (gaveUp) forget(transaction, future);
        else beginAnew(transaction);
        rewrite(transaction, future.rewritten, { maxDriftMs, random: () => random.uint32() });
        return {
          removed: future.keys.length,
          rewritten: future.rewritten.reduce((sum, batch) => sum + batch.length, 0),
          others: future.others,
          gaveUp,
        };
      },
    });
  });
  if (repaired.removed > 0) log.warn({ ...repaired }, 'Entries from too far in the future were taken out.');
  return repaired;
}

function fallBack(transaction: Transaction, future: Future, limit: Version): void {
  const { state } = transaction;
  for (const [row, cut] of future.cutByRow)
    cutIndex(transaction, row, cut, future.limitByNo.get(row.no) ?? limit);
  // Links stay: an actor is born above all that its predecessor was closed over, so one that stays names nothing above.
  for (const row of state.context.all()) {
    transaction.cutBack(row, future.limitByNo.get(row.no) ?? limit);
    if (birthOf(row.actor) > limit) transaction.removeRow(row);
  }
  state.horizon = Math.min(state.horizon, limit) as Version;
  state.lastFloor = Math.min(state.lastFloor, limit) as Version;
  state.lowerLast();
}

function beginAnew(transaction: Transaction): void {
  const { state } = transaction;
  state.ownActor = undefined;
  state.runActor = undefined;
  state.epoch++;
  transaction.noteDrop();
}

function forget(transaction: Transaction, { keptByNo }: Future): void {
  const { all, permanent, context } = transaction.state;
  for (const { no, cloudVersions } of context.all())
    for (const version of cloudVersions) transaction.delete(cloudKey(no, version));
  giveUp(transaction, { all, permanent, dotsByNo: keptByNo });
}

/** The index above the limit goes: opening takes the highest version indexed for seen. */
function cutIndex(
  transaction: Transaction,
  row: LiveRow,
  { records, kept, pairs }: IndexCut,
  limit: Version,
): void {
  for (const key of records) transaction.delete(key);
  const highest = kept.at(-1);
  if (highest !== undefined) transaction.put(segmentKey(row.no, highest.version), encodeSegment(kept));
  row.pairs -= pairs;
  row.indexed = limit;
  transaction.state.context.touch(row);
}

function rewrite(
  transaction: Transaction,
  batches: readonly (readonly Entry[])[],
  settings: Pick<WriteSettings, 'maxDriftMs' | 'random'>,
): void {
  if (batches.length === 0) return;
  const { state, wallMs } = transaction;
  const row = beginActor(transaction, settings);
  for (const batch of batches) {
    const first = tick(state.last, wallMs);
    const last = (first + batch.length - 1) as Version;
    transaction.advance(row, last, last);
    for (const [index, entry] of batch.entries()) {
      const version = (first + index) as Version;
      transaction.place(row, { ...entry, actor: row.actor, version, first, last });
    }
  }
}
