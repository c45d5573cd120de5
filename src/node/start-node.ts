/** A map that is open becomes a node: it listens, gossips, and keeps itself, on whatever clock and network it is given. */

import { packer } from '../adapters/msgpack-packer.ts';
import { Fingerprints } from '../core/fingerprint.ts';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { isRetired } from '../core/retirement.ts';
import { CHUNK_BYTES } from '../gossip/chunk.ts';
import { Gossip } from '../gossip/gossip.ts';
import type { WatchOptions } from '../gossip/member-links.ts';
import { PROTOCOL_VERSION } from '../gossip/protocol-version.ts';
import type { RumourOptions } from '../gossip/rumour-mongering.ts';
import { MEMBERS_MAX } from '../membership/member.ts';
import { DEFAULT_MEMBERSHIP, PARTIAL_MEMBERS_MAX } from '../membership/options.ts';
import type { Compressor } from '../ports/compressor.ts';
import type { Resolver } from '../ports/resolver.ts';
import type { Transport } from '../ports/transport.ts';
import { throwIfAborted } from './abort.ts';
import { Broadcasts } from './broadcasts.ts';
import { Aggregates, type Surroundings } from './aggregates.ts';
import type { CertificateWatch } from './certificate-watch.ts';
import { Cluster } from './cluster.ts';
import { CurrentReplica } from './current-replica.ts';
import { GossipingNode } from './gossiping-node.ts';
import { readKnownMembers } from './known-members.ts';
import type { MapPorts, OpenedMap } from './open-map.ts';
import type { CheckedNodeOptions } from './options.ts';
import { PACKAGE_VERSION } from './package-version.ts';

export interface NodePorts extends MapPorts {
  readonly transport: Transport;
  readonly compressor: Compressor | undefined;
  /** Of names among the peers. */
  readonly resolver?: Resolver | undefined;
  /** Of `transport`, where it speaks TLS. */
  readonly certificates?: CertificateWatch | undefined;
  readonly surroundings?: Surroundings;
}

/** Fails with `LISTEN_FAILED`, and closes the map then. `chunkBytes`: as of `GossipOptions`. */
export async function startNode(
  { map, live, members }: OpenedMap,
  options: CheckedNodeOptions,
  { clock, random, hash64, transport, compressor, resolver, certificates, surroundings }: NodePorts,
  chunkBytes: number = CHUNK_BYTES,
): Promise<GossipingNode> {
  const { log, tombstoneTtlMs, maxDriftMs, auditIntervalMs, scrubIntervalMs, signal } = options;
  const replica = new CurrentReplica(live);
  const broadcasts = new Broadcasts(log);
  const kept = options.membership
    ? await readKnownMembers(members, clock.wallMs(), log)
    : { seeds: [], records: [] };
  const { seeds } = kept;
  const cluster = new Cluster({
    gossip: () => gossip,
    retire: (nodeId) => live.current.retire(nodeId),
    isRetired: (nodeId) => isRetired(nodeId, (actor) => live.current.row(actor)),
    isViewPartial: options.sampler === 'partial',
    clock,
    log,
    file: members,
    seeds,
  });
  const gossip: Gossip = new Gossip(
    {
      replica,
      transport,
      resolver,
      clock,
      random,
      log,
      packer,
      fingerprints: new Fingerprints(hash64),
      limits: DEFAULT_LIMITS,
      compressor: options.compression === 'never' ? undefined : compressor,
      compressAlways: options.compression === 'always',
      onPeerClock: (peer, offsetMs) => {
        map.clockDoubt.hear(peer, offsetMs, clock.wallMs(), clock.monotonicMs());
        // Asked often, so that a minute of agreement is noticed.
        map.isClockInDoubt();
      },
      onUserEvent: (event) => broadcasts.tell(event),
      onMember: (event) => cluster.tell(event),
      onMemberRecords: () => cluster.recordsChanged(),
    },
    {
      peers: [...new Set([...options.peers, ...seeds])],
      advertise: options.advertise,
      membership: membershipOptions(options),
      isViewPartial: options.sampler === 'partial',
      settings: { tombstoneTtlMs, maxDriftMs },
      mode: options.mode,
      gossipIntervalMs: options.gossipIntervalMs,
      gossipFanout: options.gossipFanout,
      rumours: rumourOptions(options),
      sessionTimeoutMs: options.sessionTimeoutMs,
      chunkBytes,
      servedBytesPerSecond: options.servedBytesPerSecond,
    },
  );
  try {
    throwIfAborted(signal);
    certificates?.checkName(replica.nodeId);
    gossip.membership?.restore(kept.records);
    const address = await gossip.start(options.listen);
    throwIfAborted(signal);
    const intervals = { tombstoneTtlMs, auditIntervalMs, scrubIntervalMs };
    const aggregates = new Aggregates({ gossip, replica, clock, surroundings });
    const owned = { map, live, replica, gossip, cluster, broadcasts, aggregates };
    const node = { ...owned, clock, log, address, intervals, certificates };
    return new GossipingNode(node);
  } catch (error) {
    await gossip.stop();
    await map.close();
    throw error;
  }
}

function rumourOptions(options: CheckedNodeOptions): RumourOptions | undefined {
  const { rumours, rumourIntervalMs: intervalMs, rumourFanout: fanout, rumourCounter: unneededMax } = options;
  return rumours ? { intervalMs, fanout, unneededMax } : undefined;
}

function membershipOptions(options: CheckedNodeOptions): WatchOptions | undefined {
  const { membership, metadata, probeIntervalMs, memberRetentionMs, sampler } = options;
  if (!membership) return undefined;
  const facts = {
    address: '',
    version: PACKAGE_VERSION,
    protocolVersion: PROTOCOL_VERSION,
    metadata: new TextEncoder().encode(metadata),
  };
  const membersMax = sampler === 'partial' ? PARTIAL_MEMBERS_MAX : MEMBERS_MAX;
  return { ...DEFAULT_MEMBERSHIP, probeIntervalMs, memberRetentionMs, membersMax, facts };
}
