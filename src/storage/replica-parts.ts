/** Of what a replica is put together, over one store and one state in memory. */

import type { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { Arrivals } from './arrivals.ts';
import { Committer, type Fence } from './committer.ts';
import { type OnDamage, reported } from './damage.ts';
import { DeferredIndex } from './deferred-index.ts';
import { EntryReader } from './entry-reader.ts';
import { groupedReads } from './grouped-reads.ts';
import { Health } from './health.ts';
import { IndexCompactor } from './index-compaction.ts';
import type { ReplicaOptions } from './open-replica.ts';
import { Sessions } from './sessions.ts';
import type { State } from './state.ts';

export class ReplicaParts {
  readonly options: ReplicaOptions;
  readonly store: OrderedStore;
  readonly state: State;
  readonly committer: Committer;
  readonly sessions: Sessions;
  readonly reader: EntryReader;
  readonly compactor: IndexCompactor;
  readonly deferredIndex: DeferredIndex;
  readonly health: Health;
  readonly arrivals: Arrivals;
  readonly onDamage: OnDamage;

  /** `onFence`: nothing is acknowledged any more. */
  constructor(
    options: ReplicaOptions,
    state: State,
    wasClean: boolean,
    onFence: (error: BoatoError, why: Fence) => void,
  ) {
    const { store, clock, log, sync } = options;
    this.options = options;
    this.store = store;
    this.state = state;
    this.onDamage = (error) => this.health.meet(error);
    this.arrivals = new Arrivals(state.bootstrapping);
    this.committer = new Committer(store, state, clock, {
      sync,
      onFence,
      onDamage: this.onDamage,
      onCommitted: (rows) => {
        this.compactor.look(rows);
        this.deferredIndex.look();
        this.arrivals.look(rows, state.bootstrapping);
      },
    });
    this.sessions = new Sessions(this, (task, isNeeded) => this.deferredIndex.exclusive(task, isNeeded));
    this.health = new Health(store, state, this.committer, this.sessions, log, wasClean);
    this.compactor = new IndexCompactor(store, state, this.committer, (row, error) => {
      reported(error, this.onDamage);
      log.warn({ actor: row.actor, error: String(error) }, 'The dot index could not be compacted.');
    });
    this.deferredIndex = new DeferredIndex(this, (error) => {
      reported(error, this.onDamage);
      log.warn({ error: String(error) }, 'The dot index of the first copy could not be made.');
    });
    this.reader = new EntryReader(groupedReads(store), state.context, this.onDamage);
  }
}
