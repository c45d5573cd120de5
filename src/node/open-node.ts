/** Opens a gossiping node, on LevelDB, and TCP or TLS. */

import { brotli } from '../adapters/brotli.ts';
import { folderBytes } from '../adapters/folder-bytes.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemLoad } from '../adapters/system-load.ts';
import { systemResolver } from '../adapters/system-resolver.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { createTcpTransport } from '../adapters/tcp-transport.ts';
import { createHash64 } from '../adapters/xxhash.ts';
import { FIRST_FRAME_BYTES_MAX, FRAME_BYTES_MAX } from '../core/limits.ts';
import type { Node, NodeOptions } from './api.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { openMap } from './open-store.ts';
import { checkNodeOptions } from './options.ts';
import { startNode } from './start-node.ts';

/**
 * Opens the store in `options.dir`, makes it if it is missing, listens, and gossips with its peers. Fails as `openStore`
 * does, and with `LISTEN_FAILED`, `INSECURE_NETWORK` and `CERTIFICATE_INVALID`.
 */
export async function openNode(options: NodeOptions): Promise<Node> {
  const checked = checkNodeOptions(options);
  const { tls, log } = checked;
  const certificates = tls && (await CertificateWatch.open(tls, systemClock, log));
  const ports = {
    clock: systemClock,
    random: systemRandom,
    hash64: await createHash64(),
    transport: createTcpTransport({
      frameBytesMax: FRAME_BYTES_MAX,
      firstFrameBytesMax: FIRST_FRAME_BYTES_MAX,
      certificates,
    }),
    compressor: brotli,
    resolver: systemResolver,
    certificates,
    surroundings: { bytes: () => folderBytes(checked.dir), load: systemLoad },
  };
  return startNode(await openMap(checked), checked, ports);
}
