/** A node on a real folder and real sockets whose disk fails when the test says so. */

import { silentLog } from '../../src/adapters/silent-log.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { systemRandom } from '../../src/adapters/system-random.ts';
import { createTcpTransport } from '../../src/adapters/tcp-transport.ts';
import { FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import type { Node } from '../../src/index.ts';
import { openFolder } from '../../src/node/folder.ts';
import { openMapAt } from '../../src/node/open-map.ts';
import { checkNodeOptions } from '../../src/node/options.ts';
import { startNode } from '../../src/node/start-node.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Random } from '../../src/ports/random.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { hash64 } from '../support/replica-fixture.ts';

/** Writes of opening a new folder: the identity, and the removal of the clean-stop marker. */
const OPENING_WRITES = 2;

export interface FaultyNodeOptions {
  readonly peers?: readonly string[];
  readonly gossipIntervalMs?: number;
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
  const folder = await openFolder(dir, log);
  const home = { ...folder, store: faultyStore(folder.store, OPENING_WRITES + failing, error) };
  const ports = { clock: systemClock, random, hash64 };
  const transport = createTcpTransport({ frameBytesMax: FRAME_BYTES_MAX });
  return startNode(await openMapAt(home, options, ports), options, {
    ...ports,
    transport,
    compressor: undefined,
  });
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
