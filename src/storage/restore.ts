/** Fills an ordered store that holds nothing with the records of a backup. */

import type { Hash64 } from '../ports/hash64.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { BackupParser, invalid } from './backup-parser.ts';
import type { BackupHead } from './backup-format.ts';
import { readRecord } from './checksum.ts';
import { markCleanStop } from './clean-stop.ts';
import { isDamage } from './damage.ts';
import { IDENTITY_KEY } from './keyspace.ts';
import { decodeIdentity, type Identity } from './meta-record.ts';

export interface Restored {
  readonly nodeId: string;
  readonly clusterId: string;
  /** Wall clock of the node when the backup was taken. */
  readonly takenAtMs: number;
  readonly records: number;
  readonly bytes: number;
}

/**
 * Fails as `BackupParser` does; what the store holds then is to be thrown away. What was restored opens as after a clean
 * stop, and its next write begins a new actor, as with any start.
 */
export async function restoreRecords(
  store: OrderedStore,
  source: AsyncIterable<Uint8Array>,
  hash64: Hash64,
): Promise<Restored> {
  const parser = new BackupParser(hash64);
  for await (const chunk of source) {
    for (const records of parser.push(chunk)) {
      const operations = records.map(([key, value]) => ({ type: 'put', key, value }) as const);
      // Each of them: LevelDB's sync does not reach back beyond its newest log.
      await store.write(operations, { sync: true });
    }
  }
  const head = parser.end();
  await checkIdentity(store, head);
  if (head.isChecked) await markCleanStop(store);
  const { nodeId, clusterId, takenAtMs } = head;
  return { nodeId, clusterId, takenAtMs, records: parser.records, bytes: parser.bytes };
}

async function checkIdentity(store: OrderedStore, { nodeId, clusterId }: BackupHead): Promise<void> {
  const key = IDENTITY_KEY;
  const record = await store.get(key);
  try {
    const stored = record === undefined ? undefined : readRecord(key, record, decodeIdentity);
    const identity = stored !== undefined && 'nodeId' in stored ? (stored as Identity) : undefined;
    if (identity?.nodeId !== nodeId || identity.clusterId !== clusterId)
      throw invalid('its records belong to another node');
  } catch (error) {
    throw isDamage(error) ? invalid('it does not say whose it is', error) : error;
  }
}
