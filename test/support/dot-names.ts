/** What a replica's dot index leads to. */

import type { Version } from '../../src/core/version.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { dotName } from './naive-replica.ts';
import { presentEntries, text } from './replica-fixture.ts';

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
