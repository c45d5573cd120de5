/** R1: own writes. One batch is a run of consecutive versions of this run's actor. */

import { type Actor, makeActor } from '../core/actor.ts';
import type { Condition } from '../core/condition.ts';
import type { Predecessor } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import { ownVersionMax } from '../core/drift.ts';
import { BoatoError } from '../core/errors.ts';
import { tick, type Version, wallMsOf } from '../core/version.ts';
import type { Rumour } from '../ports/replica.ts';
import type { Job } from './commit-group.ts';
import { checkConditions, liveDot } from './condition.ts';
import type { LiveRow } from './context-table.ts';
import type { Transaction } from './transaction.ts';

/** One operation of a batch; the value is packed. `value` is absent for a delete. */
export interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** If it does not hold, nothing of the batch is written. */
  readonly condition?: Condition | undefined;
}

/** A class for the sake of V8, like the others here: `core/young.ts`. */
class OwnBatch implements Rumour {
  readonly entries: readonly Entry[];
  readonly prev: Version;
  readonly predecessor: Predecessor | undefined;

  constructor(entries: readonly Entry[], prev: Version, predecessor: Predecessor | undefined) {
    this.entries = entries;
    this.prev = prev;
    this.predecessor = predecessor;
  }
}

/** What a batch became. Its entries have the versions from `first` to `last`, in the order of the writes. */
export class Written {
  readonly actor: Actor;
  readonly first: Version;
  readonly last: Version;
  /** For each write, whether its key held a live entry before. */
  readonly wereLive: readonly boolean[];

  constructor(actor: Actor, first: Version, last: Version, wereLive: readonly boolean[]) {
    this.actor = actor;
    this.first = first;
    this.last = last;
    this.wereLive = wereLive;
  }
}

export interface WriteSettings {
  readonly tombstoneTtlMs: number;
  readonly maxDriftMs: number;
  /** 32 random bits for a new actor. */
  random(): number;
}

const NO_BYTES = new Uint8Array(0);

class OwnEntry implements Entry {
  readonly actor: Actor;
  readonly key: Uint8Array;
  readonly version: Version;
  readonly first: Version;
  readonly last: Version;
  readonly tombstone: boolean;
  readonly value: Uint8Array;
  readonly expiresAt: number | undefined;

  constructor(
    { key, value, expiresAt }: Write,
    actor: Actor,
    first: Version,
    version: Version,
    last: Version,
  ) {
    this.actor = actor;
    this.key = key;
    this.version = version;
    this.first = first;
    this.last = last;
    this.tombstone = value === undefined;
    this.value = value ?? NO_BYTES;
    this.expiresAt = expiresAt;
  }
}

/** Fails with `CONDITION_FAILED`, as a whole, if a condition does not hold when this is decided. */
export class WriteJob implements Job<Written> {
  readonly keys: readonly Uint8Array[];
  readonly bytes: number;
  readonly sync = true;
  readonly #writes: readonly Write[];
  readonly #settings: WriteSettings;

  constructor(writes: readonly Write[], settings: WriteSettings) {
    this.keys = writes.map(({ key }) => key);
    this.bytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    this.#writes = writes;
    this.#settings = settings;
  }

  decide(transaction: Transaction): Written {
    const [writes, settings] = [this.#writes, this.#settings];
    const { state, wallMs } = transaction;
    const present = writes.map(({ key }) => liveDot(transaction, key));
    checkConditions(writes, present);
    const needsActor = isActorStale(state.runActor, settings, state.last, wallMs);
    const first = tick(needsActor ? tick(state.last, wallMs) : state.last, wallMs);
    const last = (first + writes.length - 1) as Version;
    if (last > ownVersionMax(wallMs, settings.maxDriftMs)) throw clockAhead(last, wallMs);
    const row = needsActor ? beginActor(transaction, settings) : (state.runActor as LiveRow);
    const { actor, received: prev, predecessor } = row;
    transaction.advance(row, last, last);
    const entries = writes.map(
      (write, at) => new OwnEntry(write, actor, first, (first + at) as Version, last),
    );
    for (const entry of entries) transaction.place(row, entry);
    if (state.onWritten !== undefined) transaction.written.push(new OwnBatch(entries, prev, predecessor));
    return new Written(
      actor,
      first,
      last,
      present.map((dot) => dot !== undefined),
    );
  }
}

/** After a long silence the actor's next write would look late to peers (R7). */
function isActorStale(
  row: LiveRow | undefined,
  settings: WriteSettings,
  last: Version,
  wallMs: number,
): boolean {
  if (row === undefined) return true;
  const nextMs = wallMsOf(tick(last, wallMs));
  return nextMs - wallMsOf(row.received) >= settings.tombstoneTtlMs / 4;
}

/** Each run writes as an actor of its own, so that a crashed, cloned or restored node never reuses a dot. */
export function beginActor(transaction: Transaction, settings: Pick<WriteSettings, 'random'>): LiveRow {
  const { state } = transaction;
  const birth = tick(state.last, transaction.wallMs);
  state.see(birth);
  const row = transaction.row(makeActor(state.identity.nodeId, birth, settings.random()));
  const previous = state.ownActor === undefined ? undefined : state.context.get(state.ownActor);
  if (previous !== undefined) row.predecessor = { actor: previous.actor, closed: previous.closed };
  state.runActor = row;
  state.runActors.add(row.actor);
  state.ownActor = row.actor;
  return row;
}

function clockAhead(version: Version, wallMs: number): BoatoError {
  const aheadS = Math.round((wallMsOf(version) - wallMs) / 1000);
  return new BoatoError(
    'CLOCK_AHEAD',
    `The write is refused: its version would lie ${aheadS} s ahead of this machine's clock. Set the clock right if it is behind; if it is right and ran ahead before, \`store clock repair\` takes out what was written then.`,
  );
}
