/** R3: a snapshot of the store together with its context and horizon, at one instant between two commits. */

import type { Actor } from '../core/actor.ts';
import { type FullRow, unknownRow } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import { type Version, VERSION_ZERO } from '../core/version.ts';
import type { Snapshot } from '../ports/ordered-store.ts';
import type { EntryScan, PinnedState } from '../ports/replica.ts';
import { BucketScan } from './bucket-scan.ts';
import { type OnDamage, reportingDamage } from './damage.ts';
import { EntryReader } from './entry-reader.ts';
import { foldIntoBuckets } from './fold.ts';
import type { State } from './state.ts';

const NOTHING: EntryScan = {
  next: () => Promise.resolve(undefined),
  lookedAt: VERSION_ZERO,
  close: () => Promise.resolve(),
};

/** Must be called while no commit is under way. */
export function pinState(
  state: State,
  snapshot: Snapshot,
  actors: readonly Actor[],
  onDamage: OnDamage,
): PinnedState {
  const { bootstrapping, context, fingerprints } = state;
  const own = bootstrapping ? ownActors(state) : undefined;
  const rows = actors.map((actor) => {
    return own === undefined || own.has(actor) ? context.fullRow(actor) : nothingOf(actor);
  });
  const numbers = new Map(actors.map((actor) => [actor, context.get(actor)?.no]));
  const reader = new EntryReader(snapshot, context, onDamage);
  return {
    rows,
    horizon: state.horizon,
    bootstrapping,
    all: state.all,
    byVersion(actor: Actor, after: Version) {
      const no = numbers.get(actor);
      const isWithheld = own?.has(actor) === false;
      return no === undefined || isWithheld ? NOTHING : reader.byVersion(no, after);
    },
    byKey: (after) => reader.byKey({ gt: after }),
    fold: (depth, onPage) =>
      reportingDamage(onDamage, () => foldIntoBuckets(snapshot, context, fingerprints, depth, onPage)),
    dotsIn(depth, buckets, after) {
      const scan = new BucketScan(snapshot, context, fingerprints, { depth, buckets, after });
      return { next: () => reportingDamage(onDamage, () => scan.next()), close: () => scan.close() };
    },
    getMany: (keys) => reader.getMany(keys),
    batchOf: (entry) => batchOf(reader, context.get(entry.actor)?.no, entry),
    close: () => snapshot.close(),
  };
}

/**
 * All that a node gives while it bootstraps. Of this life: what an earlier one wrote, before its disk was lost, comes
 * from others.
 */
function ownActors({ context, ownActor }: State): ReadonlySet<Actor> {
  const own = new Set<Actor>();
  for (let actor = ownActor; actor !== undefined; actor = context.get(actor)?.predecessor?.actor)
    own.add(actor);
  return own;
}

function nothingOf(actor: Actor): FullRow {
  return { ...unknownRow(actor), cloudVersions: [] };
}

async function batchOf(
  reader: EntryReader,
  actorNo: number | undefined,
  entry: Entry,
): Promise<readonly Entry[]> {
  if (entry.first === entry.last || actorNo === undefined) return [entry];
  const scan = reader.byVersion(actorNo, (entry.first - 1) as Version, entry.last);
  const batch: Entry[] = [];
  try {
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) batch.push(...page);
    return batch;
  } finally {
    await scan.close();
  }
}
