/** A node on a real folder and real sockets whose disk fails when the test says so. */

import { packer } from '../../src/adapters/msgpack-packer.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { systemRandom } from '../../src/adapters/system-random.ts';
import { createTcpTransport } from '../../src/adapters/tcp-transport.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import { DEFAULT_LIMITS, FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import { CHUNK_BYTES } from '../../src/gossip/chunk.ts';
import { Gossip } from '../../src/gossip/gossip.ts';
import type { Node } from '../../src/index.ts';
import { CurrentReplica } from '../../src/node/current-replica.ts';
import { openFolder } from '../../src/node/folder.ts';
import { GossipingNode } from '../../src/node/gossiping-node.ts';
import { LiveReplica } from '../../src/node/live-replica.ts';
import { MapStore } from '../../src/node/map-store.ts';
import { checkNodeOptions } from '../../src/node/options.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Random } from '../../src/ports/random.ts';
import { openReplica } from '../../src/storage/open-replica.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { hash64 } from '../support/replica-fixture.ts';

/** Writes of opening a new folder: the identity, and the removal of the clean-stop marker. */
const OPENING_WRITES = 2;

export interface FaultyNodeOptions {
  readonly peers?: readonly string[];
  readonly gossipIntervalMs?: number;
  /** Of the replica. */
  readonly random?: Random;
  readonly log?: Log;
}

/** What `openNode` does, but the commit numbered `failing`, counted from 0, fails with `error`; once opened again, none. */
export async function openFaultyNode(
  dir: string,
  failing: number,
  error: Error,
  {
    peers = [],
    gossipIntervalMs = 1_000_000,
    random = systemRandom,
    log = silentLog,
  }: FaultyNodeOptions = {},
): Promise<Node> {
  const options = checkNodeOptions({ dir, nodeId: 'faulty', peers, gossipIntervalMs, log });
  const { tombstoneTtlMs, maxDriftMs } = options;
  const folder = await openFolder(dir);
  const clock = systemClock;
  const replicaOptions = { ...options, clock, random, hash64, sync: true };
  const store = faultyStore(folder.store, OPENING_WRITES + failing, error);
  const first = await openReplica({ ...replicaOptions, store, mustExist: folder.isInitialized });
  await folder.markInitialized();
  const live = new LiveReplica(first, {
    home: {
      checkReopening: () => folder.checkReopening(),
      reopen: async (before) =>
        openReplica({ ...replicaOptions, store: await folder.reopen(), mustExist: true }, before),
      setRoomAside: () => Promise.resolve(),
      checkRoom: () => Promise.resolve(),
    },
    clock,
    random: systemRandom,
    log,
  });
  const map = new MapStore(live, clock, options, folder);
  const replica = new CurrentReplica(live);
  const gossip = new Gossip(
    {
      replica,
      transport: createTcpTransport({ frameBytesMax: FRAME_BYTES_MAX }),
      clock,
      random: systemRandom,
      log,
      packer,
      fingerprints: new Fingerprints(hash64),
      limits: DEFAULT_LIMITS,
      onPeerClock: () => {},
    },
    { ...options, settings: { tombstoneTtlMs, maxDriftMs }, chunkBytes: CHUNK_BYTES },
  );
  const address = await gossip.start(options.listen);
  return new GossipingNode({ map, live, replica, gossip, clock, log, address, intervals: options });
}

/** A log that tells when it is told a sentence that begins with `words`. */
export function logUntil(words: string): { readonly log: Log; readonly told: Promise<void> } {
  let tell = (): void => {};
  const told = new Promise<void>((resolve) => (tell = resolve));
  const listen = (_fields: unknown, message: string): void => {
    if (message.startsWith(words)) tell();
  };
  return { log: { debug: listen, info: listen, warn: listen, error: listen }, told };
}
