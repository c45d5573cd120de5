/** What a replica's dot index leads to, and how much of it there is. */

import { expect } from 'vitest';
import { readUint32 } from '../../src/core/bytes.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { readBeside } from '../../src/storage/beside.ts';
import { unseal } from '../../src/storage/checksum.ts';
import { ALL_ROWS } from '../../src/storage/keyspace.ts';
import { decodeRow } from '../../src/storage/row-record.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { dotName } from './naive-replica.ts';
import { hash64, presentEntries, text } from './replica-fixture.ts';

/** Every entry as a scan by version gives it, actor by actor: its dot and its key. Not of a replica that bootstraps. */
export async function indexedNames(replica: StoredReplica): Promise<string[]> {
  const actors = replica.rows().map(({ actor }) => actor);
  const pinned = await replica.pin(actors, 0n);
  if (pinned === undefined) throw new Error('a context without any of its rows hashes to nothing');
  const names: string[] = [];
  for (const actor of actors) {
    const scan = pinned.byVersion(actor, 0 as Version);
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
      for (const entry of page) names.push(`${dotName(entry)} ${text(entry.key)}`);
    }
    await scan.close();
  }
  await pinned.close();
  return names;
}

/** What `indexedNames` must give: every present entry once, the actors in the order of their rows, versions ascending. */
export async function presentNames(replica: StoredReplica): Promise<string[]> {
  const actors = replica.rows().map(({ actor }) => actor);
  const entries = await presentEntries(replica);
  return actors.flatMap((actor) =>
    entries
      .filter((entry) => entry.actor === actor)
      .toSorted((one, other) => one.version - other.version)
      .map((entry) => `${dotName(entry)} ${text(entry.key)}`),
  );
}

/** What rows say of their dot index is what it holds: so a check looks up no entry without need. */
export async function expectCountedPairs(store: OrderedStore): Promise<void> {
  const beside = await readBeside(store, new Fingerprints(hash64), () => {});
  const scan = store.scan(ALL_ROWS);
  const rows = await scan.next(1000);
  await scan.close();
  const counted = rows.map(([key, record]) => [readUint32(key, 1), decodeRow(unseal(key, record)).pairs]);
  const expected = counted.filter(([, pairs]) => pairs !== 0);
  expect(new Map(beside?.pairsByNo)).toEqual(new Map(expected as [number, number][]));
}
