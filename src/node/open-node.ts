/** Opens a gossiping node, on LevelDB and TCP. */

import { brotli } from '../adapters/brotli.ts';
import { packer } from '../adapters/msgpack-packer.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { createTcpTransport } from '../adapters/tcp-transport.ts';
import { createHash64 } from '../adapters/xxhash.ts';
import { Fingerprints } from '../core/fingerprint.ts';
import { DEFAULT_LIMITS, FRAME_BYTES_MAX } from '../core/limits.ts';
import { CHUNK_BYTES } from '../gossip/chunk.ts';
import { Gossip } from '../gossip/gossip.ts';
import { throwIfAborted } from './abort.ts';
import type { Node, NodeOptions } from './api.ts';
import { CurrentReplica } from './current-replica.ts';
import { GossipingNode } from './gossiping-node.ts';
import { openMap } from './open-store.ts';
import { checkNodeOptions } from './options.ts';

/**
 * Opens the store in `options.dir`, makes it if it is missing, listens, and gossips with its peers. Fails as `openStore`
 * does, and with `LISTEN_FAILED` and `INSECURE_NETWORK`.
 */
export async function openNode(options: NodeOptions): Promise<Node> {
  const checked = checkNodeOptions(options);
  const { log, tombstoneTtlMs, maxDriftMs, signal } = checked;
  const { map, live } = await openMap(checked);
  const replica = new CurrentReplica(live);
  const clock = systemClock;
  const gossip = new Gossip(
    {
      replica,
      transport: createTcpTransport({ frameBytesMax: FRAME_BYTES_MAX }),
      clock,
      random: systemRandom,
      log,
      packer,
      fingerprints: new Fingerprints(await createHash64()),
      limits: DEFAULT_LIMITS,
      compressor: checked.compression === 'never' ? undefined : brotli,
      compressAlways: checked.compression === 'always',
      onPeerClock: (peer, offsetMs) => {
        map.clockDoubt.hear(peer, offsetMs, clock.monotonicMs());
        // Asked often, so that a minute of agreement is noticed.
        map.isClockInDoubt();
      },
    },
    {
      peers: checked.peers,
      settings: { tombstoneTtlMs, maxDriftMs },
      mode: checked.mode,
      gossipIntervalMs: checked.gossipIntervalMs,
      gossipFanout: checked.gossipFanout,
      sessionTimeoutMs: checked.sessionTimeoutMs,
      chunkBytes: CHUNK_BYTES,
    },
  );
  try {
    throwIfAborted(signal);
    const address = await gossip.start(checked.listen);
    throwIfAborted(signal);
    const { auditIntervalMs, scrubIntervalMs } = checked;
    const intervals = { tombstoneTtlMs, auditIntervalMs, scrubIntervalMs };
    return new GossipingNode({ map, live, replica, gossip, clock, log, address, intervals });
  } catch (error) {
    await gossip.stop();
    await map.close();
    throw error;
  }
}
