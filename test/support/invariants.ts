/** What must hold of every replica at every moment, recomputed the slow way (DESIGN section 4, I1, I5, I6, I9). */

import { expect } from 'vitest';
import { type Actor, birthOf } from '../../src/core/actor.ts';
import { equalSums, type Predecessor, SUM_ZERO, type Sum } from '../../src/core/context.ts';
import { compareDots, type Entry } from '../../src/core/entry.ts';
import { addSum, Fingerprints } from '../../src/core/fingerprint.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { dotName, type NaiveReplica } from './naive-replica.ts';
import { hash64, presentEntries, text } from './replica-fixture.ts';

const fingerprints = new Fingerprints(hash64);

/** `written`: every entry that was ever written, anywhere. `present`: what is present here, if it was read already. */
export async function expectInvariants(
  replica: StoredReplica,
  written: readonly Entry[],
  present?: readonly Entry[],
): Promise<void> {
  const entries = present ?? (await presentEntries(replica));
  let all: Sum = SUM_ZERO;
  let permanent: Sum = SUM_ZERO;
  const looseByActor = new Map<string, Sum>();
  // Actors of nodes that are gone for ever have no rows: what is known of them is told all the same.
  const told = new Set(replica.rows().map(({ actor }) => actor));
  const actors = [...new Set([...told, ...written.map(({ actor }) => actor)])];
  const { rows } = await replica.pullerState(actors);
  const rowByActor = new Map(rows.map((row) => [row.actor, row]));
  for (const { actor, version, key, tombstone, expiresAt } of entries) {
    const sum = fingerprints.entry(actor, version, key);
    all = addSum(all, sum);
    if (!tombstone && expiresAt === undefined) permanent = addSum(permanent, sum);
    const row = rowByActor.get(actor);
    const isLoose = row !== undefined && version > row.received && !row.cloudVersions.includes(version);
    if (isLoose) {
      looseByActor.set(actor, addSum(looseByActor.get(actor) ?? SUM_ZERO, fingerprints.dot(actor, version)));
    }
  }
  const presentByKey = new Map(entries.map((entry) => [text(entry.key), entry]));
  for (const entry of written) {
    const row = rowByActor.get(entry.actor);
    const isSeen =
      row !== undefined && (entry.version <= row.received || row.cloudVersions.includes(entry.version));
    if (!isSeen || entry.version <= replica.state.horizon) continue;
    const here = presentByKey.get(text(entry.key));
    const isHere = here !== undefined && compareDots(here, entry) >= 0;
    if (!isHere) expect.fail(`${entry.actor} ${entry.version} was seen, so it is present or superseded (I1)`);
  }
  expectSum(replica.state.all, all);
  expectSum(replica.state.permanent, permanent);
  let hash = 0n;
  for (const row of rows) {
    expectSum(row.loose, looseByActor.get(row.actor) ?? SUM_ZERO);
    expectThat(row.cloud.count === row.cloudVersions.length, 'the cloud counts its versions');
    expectThat(row.closed <= row.received, 'closed is at most received');
    expectThat(row.closed >= birthOf(row.actor), 'closed is at least the birth');
    if (told.has(row.actor)) hash += fingerprints.row(row);
    const { predecessor } = row;
    if (predecessor === undefined) continue;
    const before = rowByActor.get(predecessor.actor);
    const [closed, received] = [before?.closed ?? 0, before?.received ?? 0];
    const [isClosed, isReceived] = [row.closed > birthOf(row.actor), row.received > birthOf(row.actor)];
    expectThat(!isClosed || closed >= predecessor.closed, 'who is closed is so over the predecessor (I9)');
    expectThat(!isReceived || received >= predecessor.closed, 'who received has the predecessor (I9)');
  }
  expectThat(
    replica.contextHash() === BigInt.asUintN(64, hash),
    'the hash of the context is that of its rows',
  );
}

/** Links are kept, and passed on: who has received of an actor knows what it names. */
export function expectLinks(
  replica: StoredReplica,
  linkByActor: ReadonlyMap<Actor, Predecessor | undefined>,
): void {
  for (const { actor, received, predecessor } of replica.rows()) {
    if (received === birthOf(actor)) continue;
    const link = linkByActor.get(actor);
    const isKept = predecessor?.actor === link?.actor && predecessor?.closed === link?.closed;
    expectThat(isKept, `the link of ${actor} is kept`);
  }
}

/** Without the cost of an assertion that holds: the model makes hundreds a step. */
function expectThat(isTrue: boolean, what: string): void {
  if (!isTrue) expect.fail(what);
}

function expectSum(sum: Sum, recomputed: Sum): void {
  if (!equalSums(sum, recomputed)) expect(sum).toEqual(recomputed);
}

/** A batch's surviving entries are stored together: who has one of them has each, or it was superseded somewhere. */
export function expectWholeBatches(
  replica: StoredReplica,
  naive: NaiveReplica,
  written: readonly Entry[],
  gone: ReadonlySet<string> = new Set(),
): void {
  // Until a first copy is through its batches may be torn here: they are handed to nobody.
  if (replica.state.bootstrapping) return;
  const heldByBatch = new Map<string, Set<number>>();
  for (const entry of naive.held()) {
    const { actor, first, last, version } = entry;
    // What was superseded here since it came, survives no more.
    if (first === last || naive.larger(entry).length > 0) continue;
    const name = `${actor} ${first}`;
    heldByBatch.set(name, (heldByBatch.get(name) ?? new Set()).add(version));
  }
  for (const entry of written) {
    const held = heldByBatch.get(`${entry.actor} ${entry.first}`);
    if (held === undefined || held.has(entry.version) || gone.has(dotName(entry))) continue;
    const isSuperseded = written.some(
      (other) => text(other.key) === text(entry.key) && compareDots(other, entry) > 0,
    );
    if (!isSuperseded)
      expect.fail(`${entry.actor} ${entry.version} belongs to a batch of which a part is here`);
  }
}
