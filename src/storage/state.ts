/** What a store keeps in memory: the context, the sums, the dot cache; as of the last commit that was decided. */

import type { Actor } from '../core/actor.ts';
import { SUM_ZERO, type Sum } from '../core/context.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import { maxVersion, type Version, VERSION_ZERO } from '../core/version.ts';
import type { Rumour } from '../ports/replica.ts';
import { ChangeJournal } from './change-journal.ts';
import { ContextTable, type LiveRow } from './context-table.ts';
import { DeferredDots } from './deferred-dots.ts';
import type { DotCache } from './dot-cache.ts';
import { LeftOut } from './left-out.ts';
import type { Identity, NodeState } from './meta-record.ts';

export class State implements NodeState {
  readonly identity: Identity;
  readonly fingerprints: Fingerprints;
  readonly context: ContextTable;
  readonly cache: DotCache;
  /** Highest version that was seen or made: the clock's memory. */
  last: Version = VERSION_ZERO;
  horizon: Version = VERSION_ZERO;
  all: Sum = SUM_ZERO;
  permanent: Sum = SUM_ZERO;
  ownActor: Actor | undefined = undefined;
  bootstrapping = false;
  damaged = false;
  healing = false;
  unindexed = false;
  readonly deferred: DeferredDots = new DeferredDots();
  uncounted = false;
  readonly leftOut: LeftOut = new LeftOut();
  lastFloor: Version = VERSION_ZERO;
  drops = 0;
  droppedAt: Version = VERSION_ZERO;
  /** Changes when the context is given up, or repaired. */
  epoch = 0;
  /** The actor of this run, once it has written. */
  runActor: LiveRow | undefined = undefined;
  /** All actors of this process run: one after another, after long silences and after giving up. */
  readonly runActors: Set<Actor> = new Set<Actor>();
  /** Told of each own write that is on disk, if there is anybody to tell. */
  onWritten: ((rumour: Rumour) => void) | undefined = undefined;
  /** As of the last commit that is on disk. */
  readonly journal: ChangeJournal = new ChangeJournal();

  constructor(identity: Identity, fingerprints: Fingerprints, cache: DotCache) {
    this.identity = identity;
    this.fingerprints = fingerprints;
    this.context = new ContextTable(fingerprints);
    this.cache = cache;
  }

  get nextActorNo(): number {
    return this.context.nextNo;
  }

  see(version: Version): void {
    this.last = maxVersion(this.last, version);
  }

  /** R11: what was seen above what is still known is forgotten; as opening would find it. */
  lowerLast(): void {
    this.last = maxVersion(this.horizon, this.lastFloor);
    for (const { received, indexed, cloudVersions } of this.context.all()) {
      this.see(maxVersion(received, indexed));
      for (const version of cloudVersions) this.see(version);
    }
  }

  /** Takes the place of `before` in the same process: what was opened there is void, and its actors are this run's. */
  follow({ epoch, runActors }: Pick<State, 'epoch' | 'runActors'>): void {
    this.epoch = epoch + 1;
    for (const actor of runActors) this.runActors.add(actor);
  }

  load(stored: NodeState): void {
    this.horizon = stored.horizon;
    this.all = stored.all;
    this.permanent = stored.permanent;
    this.ownActor = stored.ownActor;
    this.bootstrapping = stored.bootstrapping;
    this.damaged = stored.damaged;
    this.healing = stored.healing;
    this.unindexed = stored.unindexed;
    if (stored.unindexed) this.deferred.lose();
    this.uncounted = stored.uncounted;
    this.lastFloor = stored.lastFloor;
    this.drops = stored.drops;
    this.droppedAt = stored.droppedAt;
    this.context.reserve(stored.nextActorNo);
    this.see(stored.horizon);
    this.see(stored.lastFloor);
  }
}
