/** What a few records tell of a store that nobody uses. Nothing is written: the marker of a clean stop stays. */

import type { Reader } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { isStoppedCleanly } from './clean-stop.ts';
import { metaKey } from './keyspace.ts';
import { decodeIdentity, decodeState, FORMAT_VERSION, type NodeState } from './meta-record.ts';

export interface QuickLook {
  /** `undefined` if the record that says who the node is is not there. */
  readonly formatVersion: number | undefined;
  /** `undefined` before the first commit, and in another format. */
  readonly state: NodeState | undefined;
  readonly isStoppedCleanly: boolean;
}

const IDENTITY = metaKey('identity');
const STATE = metaKey('state');

/** Fails with `RECORD_DAMAGED`. */
export async function quickLook(store: Reader): Promise<QuickLook> {
  const [identity, state] = await store.getMany([IDENTITY, STATE]);
  const formatVersion =
    identity === undefined ? undefined : readRecord(IDENTITY, identity, decodeIdentity).formatVersion;
  const isReadable = state !== undefined && formatVersion === FORMAT_VERSION;
  return {
    formatVersion,
    state: isReadable ? readRecord(STATE, state, decodeState) : undefined,
    isStoppedCleanly: await isStoppedCleanly(store),
  };
}
