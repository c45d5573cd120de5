/** Peers, and whether they can be reached. */

import { systemResolver } from '../../adapters/system-resolver.ts';
import { createTcpTransport } from '../../adapters/tcp-transport.ts';
import { isLookedUp, placesOf } from '../../gossip/places.ts';
import type { Transport } from '../../ports/transport.ts';
import { errorMessage } from '../../server/error-message.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

export interface KnownPeer {
  readonly name: string;
  /** A sentence that says why it cannot be reached; absent if it can. */
  readonly error?: string;
}

/** A peer on another continent answers in a fraction of it. */
const DIAL_TIMEOUT_MS = 3000;

/** One line each. Of several peers one may be down: that is what the others are for. */
export function peersFindings(peers: readonly KnownPeer[]): readonly Finding[] {
  if (peers.length === 0) {
    const advice = 'name some with --peer, or let others name this node';
    return [warning('peers', 'none: this node has the only copy', advice)];
  }
  const isAlone = peers.every(({ error }) => error !== undefined);
  return peers.map(({ name, error }) => {
    if (error === undefined) return ok('peers', `${name} can be reached`);
    const advice = 'see whether it runs, and whether the network lets its port through';
    return isAlone ? problem('peers', error, advice) : warning('peers', error, advice);
  });
}

/** Opens a connection to each address, and says nothing. */
export async function probePeers(addresses: readonly string[]): Promise<readonly KnownPeer[]> {
  const transport = createTcpTransport({ frameBytesMax: 0, dialTimeoutMs: DIAL_TIMEOUT_MS });
  try {
    return await Promise.all(
      addresses.map((name) =>
        dialAny(transport, name).then(
          () => ({ name }),
          (error: unknown) => ({ name, error: errorMessage(error) }),
        ),
      ),
    );
  } finally {
    await transport.close();
  }
}

/** One of the nodes behind a name is enough. Rejects with why the first cannot be reached. */
async function dialAny(transport: Transport, address: string): Promise<void> {
  const places = isLookedUp(address) ? await placesOf(address, systemResolver) : [{ address }];
  await Promise.any(places.map((place) => transport.dial(place.address))).catch((error: AggregateError) => {
    throw error.errors[0];
  });
}
