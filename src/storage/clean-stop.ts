/** The marker of a clean stop: there only while nobody uses the store. */

import { equalBytes } from '../core/bytes.ts';
import type { Log } from '../ports/log.ts';
import type { OrderedStore, Reader } from '../ports/ordered-store.ts';
import { seal } from './checksum.ts';
import { metaKey } from './keyspace.ts';

const MARKER = metaKey('clean');

/**
 * Whether the last stop was clean. The marker is gone, and that synced, when this resolves: whatever follows must not
 * look like a clean stop.
 */
export async function takeCleanStop(store: OrderedStore): Promise<boolean> {
  const marker = await store.get(MARKER);
  await store.write([{ type: 'del', key: MARKER }], { sync: true });
  return marker !== undefined;
}

/** Leaves the marker where it is. */
export async function isStoppedCleanly(store: Reader): Promise<boolean> {
  return (await store.get(MARKER)) !== undefined;
}

export function isCleanMarker(stored: Uint8Array): boolean {
  return equalBytes(stored, MARKER);
}

/** As below; never fails. */
export async function tryToMarkCleanStop(store: OrderedStore, log: Log): Promise<void> {
  try {
    await markCleanStop(store);
  } catch (error) {
    // Nothing that was acknowledged is lost by it.
    log.warn({ error: String(error) }, 'The stop could not be marked as clean.');
  }
}

/** The last write before the store is closed. */
export async function markCleanStop(store: OrderedStore): Promise<void> {
  await store.write([{ type: 'put', key: MARKER, value: seal(MARKER, new Uint8Array(0)) }], { sync: true });
}
