/** In which rounds a node pulls (Demers et al. 1987, section 1.3). */

export const GOSSIP_MODES = ['push', 'pull', 'push-pull'] as const;

/**
 * `pull`: in those that it opens. `push`: in those that a peer opens, so that its own ask the peer to pull. `push-pull`:
 * in both. Whatever its mode, a node opens rounds with everybody it has a connection with, and tells in them what it has;
 * so each of two nodes comes to pull, also where their modes differ.
 */
export type GossipMode = (typeof GOSSIP_MODES)[number];

export function pullsInOwnRounds(mode: GossipMode): boolean {
  return mode !== 'push';
}

export function pullsInRoundsOfPeers(mode: GossipMode): boolean {
  return mode !== 'pull';
}
