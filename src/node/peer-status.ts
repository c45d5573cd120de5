/** What a node's status tells of each peer. */

import type { Gossip } from '../gossip/gossip.ts';
import type { PeerRecord } from '../gossip/peer-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { PeerStatus } from './api.ts';

export function peerStatuses(gossip: Gossip, clock: Clock): PeerStatus[] {
  return gossip.peers().map((record) => peerStatus(record, gossip, clock));
}

function peerStatus(record: PeerRecord, gossip: Gossip, clock: Clock): PeerStatus {
  const { address, nodeId, direction, rounds, clockOffsetMs, lastError } = record;
  const { inSyncAtMs, succeededAtMs, lastWord } = record;
  const protocolVersion = record.links.at(-1)?.protocolVersion;
  const agoMs = (atMs: number): number => Math.round(clock.monotonicMs() - atMs);
  return {
    address,
    state: record.state,
    direction,
    rounds,
    bytesReceived: record.bytesReceived,
    bytesSent: record.bytesSent,
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(inSyncAtMs === undefined ? {} : { inSyncAgoMs: agoMs(inSyncAtMs) }),
    ...(succeededAtMs === undefined ? {} : { lastSuccessAgoMs: agoMs(succeededAtMs) }),
    ...(lastWord === undefined ? {} : { heardAgoMs: agoMs(lastWord.heardAtMs) }),
    ...gossip.lag(record, clock.wallMs()),
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
