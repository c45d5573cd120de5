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
import { openFolder } from '../../src/node/folder.ts';
import { GossipingNode } from '../../src/node/gossiping-node.ts';
import { MapStore } from '../../src/node/map-store.ts';
import { checkNodeOptions } from '../../src/node/options.ts';
import { openReplica } from '../../src/storage/open-replica.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { hash64 } from '../support/replica-fixture.ts';

/** Writes of opening a new folder: the identity, and the removal of the clean-stop marker. */
const OPENING_WRITES = 2;

/** What `openNode` does, but the commit numbered `failing`, counted from 0, fails with `error`. */
export async function openFaultyNode(
  dir: string,
  failing: number,
  error: Error,
  peers: readonly string[] = [],
): Promise<Node> {
  const options = checkNodeOptions({ dir, nodeId: 'faulty', peers, gossipIntervalMs: 1_000_000 });
  const { tombstoneTtlMs, maxDriftMs } = options;
  const folder = await openFolder(dir);
  const replica = await openReplica({
    ...options,
    store: faultyStore(folder.store, OPENING_WRITES + failing, error),
    clock: systemClock,
    random: systemRandom,
    hash64,
    log: silentLog,
    mustExist: folder.isInitialized,
    sync: true,
  });
  await folder.markInitialized();
  const map = new MapStore(replica, systemClock, options, folder);
  const gossip = new Gossip(
    {
      replica,
      transport: createTcpTransport({ frameBytesMax: FRAME_BYTES_MAX }),
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      packer,
      fingerprints: new Fingerprints(hash64),
      limits: DEFAULT_LIMITS,
      onPeerClock: () => {},
    },
    { ...options, settings: { tombstoneTtlMs, maxDriftMs }, chunkBytes: CHUNK_BYTES },
  );
  const address = await gossip.start(options.listen);
  return new GossipingNode({
    map,
    replica,
    gossip,
    clock: systemClock,
    log: silentLog,
    address,
    intervals: options,
  });
}
