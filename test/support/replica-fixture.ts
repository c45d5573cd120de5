/** Replicas over the real storage layout on memory, with time and chance under the test's control. */

import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Hash64 } from '../../src/core/hash64.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Random } from '../../src/ports/random.ts';
import { openReplica } from '../../src/storage/open-replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';

export const hash64: Hash64 = await createHash64();

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const text = (bytes: Uint8Array): string => decoder.decode(bytes);

export interface TestReplicaOptions {
  readonly nodeId?: string;
  readonly disk?: MemoryDisk;
  /** Instead of a disk: an ordered store that is open already. */
  readonly store?: OrderedStore;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tombstoneTtlMs?: number;
  readonly maxDriftMs?: number;
  readonly dotCacheBytes?: number;
  readonly sync?: boolean;
  readonly log?: Log;
  readonly mustExist?: boolean;
}

/** `before`: the replica whose place it takes. */
export async function openTestReplica(
  options: TestReplicaOptions = {},
  before?: StoredReplica,
): Promise<StoredReplica> {
  const disk = options.disk ?? new MemoryDisk();
  return openReplica(
    {
      store: options.store ?? (await disk.open()),
      clock: options.clock ?? new SimulatedClock(),
      random: options.random ?? createSeededRandom(1),
      hash64,
      log: options.log ?? silentLog,
      mustExist: options.mustExist ?? false,
      nodeId: (options.nodeId ?? 'a') as NodeId,
      clusterId: 'test',
      tombstoneTtlMs: options.tombstoneTtlMs ?? 20_000,
      maxDriftMs: options.maxDriftMs ?? 30_000,
      dotCacheBytes: options.dotCacheBytes ?? 4096,
      sync: options.sync ?? true,
    },
    before,
  );
}

export function put(key: string, value: string, expiresAt?: number): Write {
  return { key: utf8(key), value: utf8(value), expiresAt };
}

export function del(key: string): Write {
  return { key: utf8(key), value: undefined, expiresAt: undefined };
}

/** All present entries, tombstones and expired ones included, in key order. */
export async function presentEntries(replica: StoredReplica): Promise<Entry[]> {
  const scan = replica.scan({});
  try {
    const entries: Entry[] = [];
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) entries.push(...page);
    return entries;
  } finally {
    await scan.close();
  }
}

/** What is present under each key, for people: the value, `x` for a tombstone. */
export async function contents(replica: StoredReplica): Promise<Record<string, string>> {
  const entries = await presentEntries(replica);
  return Object.fromEntries(
    entries.map(({ key, value, tombstone }) => [text(key), tombstone ? 'x' : text(value)]),
  );
}
