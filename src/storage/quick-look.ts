/** What a few records tell of a store that nobody uses. Nothing is written: the marker of a clean stop stays. */

import type { Reader } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { isStoppedCleanly } from './clean-stop.ts';
import { ALL_ROWS, IDENTITY_KEY, STATE_KEY } from './keyspace.ts';
import { decodeIdentity, decodeState, FORMAT_VERSION, type NodeState } from './meta-record.ts';

export interface QuickLook {
  /** `undefined` if the record that says who the node is is not there. */
  readonly formatVersion: number | undefined;
  /** `undefined` before the first commit, where it is lost, and in another format. */
  readonly state: NodeState | undefined;
  /** There are actors, and no state, which who writes them writes, too. */
  readonly isStateLost: boolean;
  readonly isStoppedCleanly: boolean;
}

/** Fails with `RECORD_DAMAGED`. */
export async function quickLook(store: Reader): Promise<QuickLook> {
  const [identity, state] = await store.getMany([IDENTITY_KEY, STATE_KEY]);
  const formatVersion =
    identity === undefined ? undefined : readRecord(IDENTITY_KEY, identity, decodeIdentity).formatVersion;
  const isReadable = state !== undefined && formatVersion === FORMAT_VERSION;
  return {
    formatVersion,
    state: isReadable ? readRecord(STATE_KEY, state, decodeState) : undefined,
    isStateLost: state === undefined && (await hasRows(store)),
    isStoppedCleanly: await isStoppedCleanly(store),
  };
}

async function hasRows(store: Reader): Promise<boolean> {
  const scan = store.scan(ALL_ROWS);
  try {
    return (await scan.next(1)).length > 0;
  } finally {
    await scan.close();
  }
}
