/** The nodes that may hold entries of a view, as far as the one that it is on knows them. */

import { BoatoError } from '../core/errors.ts';
import type { Node, Store } from '../node/api.ts';

export interface OtherNodes {
  /** `undefined` among them: one that was never reached. */
  readonly names: ReadonlySet<string | undefined>;
  readonly areConnected: boolean;
}

/** Whether others can have what is written while it is open. */
export function isNode(store: Store): store is Node {
  return 'members' in store;
}

/**
 * Members, be they up or not, and whoever else is connected. Where there are no members, all peers: those of a node that has
 * just been started, or runs without membership.
 */
export async function otherNodes(node: Node): Promise<OtherNodes> {
  const { peers } = await node.status();
  const others = peers.filter(({ state }) => state !== 'self');
  const connected = others.filter(({ state }) => state === 'connected').map(({ nodeId }) => nodeId);
  const members = membersBeside(node);
  const known = members.length > 0 ? members : others.map(({ nodeId }) => nodeId);
  const names = new Set([...known, ...connected]);
  return { names, areConnected: names.size === new Set(connected).size };
}

function membersBeside(node: Node): readonly string[] {
  try {
    return node
      .members()
      .filter(({ isSelf }) => !isSelf)
      .map(({ nodeId }) => nodeId);
  } catch (error) {
    if (error instanceof BoatoError && error.code === 'MEMBERSHIP_OFF') return [];
    throw error;
  }
}
