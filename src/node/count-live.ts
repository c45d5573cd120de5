/** How many live entries there are, of all or of those whose keys begin alike. */

import type { StoredReplica } from '../storage/stored-replica.ts';
import { checkRange, readLive } from './reads.ts';

export async function countLive(
  replica: StoredReplica,
  prefix: string,
  wallMs: () => number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (prefix !== '') return countOneByOne(replica, prefix, wallMs, signal);
  try {
    return await replica.count();
  } catch (error) {
    if (replica.fenced === undefined) throw error;
    // What it has in memory is ahead of the disk.
    return countOneByOne(replica, '', wallMs, signal);
  }
}

async function countOneByOne(
  replica: StoredReplica,
  prefix: string,
  wallMs: () => number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { bounds, limit } = checkRange({ prefix });
  let count = 0;
  if (bounds === undefined) return count;
  const scan = replica.scan(bounds);
  for await (const _ of readLive(scan, limit, wallMs, signal)) count++;
  return count;
}
