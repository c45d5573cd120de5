/** What must hold of every replica at every moment, recomputed the slow way (DESIGN section 4, I1, I5, I6, I9). */

import { expect } from 'vitest';
import { birthOf } from '../../src/core/actor.ts';
import { SUM_ZERO, type Sum } from '../../src/core/context.ts';
import { addSum, Fingerprints } from '../../src/core/fingerprint.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { hash64, presentEntries } from './replica-fixture.ts';

const fingerprints = new Fingerprints(hash64);

export async function expectInvariants(replica: StoredReplica): Promise<void> {
  const entries = await presentEntries(replica);
  let all: Sum = SUM_ZERO;
  let permanent: Sum = SUM_ZERO;
  const looseByActor = new Map<string, Sum>();
  const { rows } = await replica.pullerState(replica.rows().map(({ actor }) => actor));
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
  expect(replica.state.all).toEqual(all);
  expect(replica.state.permanent).toEqual(permanent);
  let hash = 0n;
  for (const row of rows) {
    expect(row.loose).toEqual(looseByActor.get(row.actor) ?? SUM_ZERO);
    expect(row.cloud.count).toBe(row.cloudVersions.length);
    expect(row.closed).toBeLessThanOrEqual(row.received);
    expect(row.closed).toBeGreaterThanOrEqual(birthOf(row.actor));
    hash += fingerprints.row(row);
    const { predecessor } = row;
    if (predecessor === undefined) continue;
    const before = rowByActor.get(predecessor.actor);
    if (row.closed > birthOf(row.actor)) expect(before?.closed).toBeGreaterThanOrEqual(predecessor.closed);
    if (row.received > birthOf(row.actor)) expect(before?.received).toBeGreaterThanOrEqual(predecessor.closed);
  }
  expect(replica.contextHash()).toBe(BigInt.asUintN(64, hash));
}
