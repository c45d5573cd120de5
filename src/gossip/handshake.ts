/** The first messages of a connection: who the other side is, and whether the two may talk. */

import type { NodeId } from '../core/actor.ts';
import {
  type ClusterSettings,
  type Hello,
  PROTOCOL_VERSION,
  type Reject,
  type RejectCode,
} from './messages.ts';

/** How long the other side may take to say hello. */
export const HELLO_TIMEOUT_MS = 5000;

export interface Self {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly bootNonce: number;
  readonly settings: ClusterSettings;
}

export function helloOf(self: Self): Hello {
  return { type: 'hello', protocolVersion: PROTOCOL_VERSION, ...self };
}

/** Why the two may not talk, in the order in which it matters; `undefined` if they may. */
export function refusal(self: Self, hello: Hello): Reject | undefined {
  if (hello.protocolVersion !== PROTOCOL_VERSION) {
    return reject(
      'protocol-version',
      `this node speaks version ${PROTOCOL_VERSION} of the protocol, the other one version ${hello.protocolVersion}`,
    );
  }
  if (hello.clusterId !== self.clusterId) {
    return reject(
      'cluster',
      `this node belongs to cluster ${self.clusterId}, the other one to ${hello.clusterId}`,
    );
  }
  if (hello.nodeId !== self.nodeId) return undefined;
  return hello.bootNonce === self.bootNonce
    ? reject('same-node', 'the node dialled itself')
    : reject(
        'same-name',
        `two nodes have the name ${self.nodeId}: give one of them another name, and an empty folder (\`store export\` and \`store import\` bring over what only it holds)`,
      );
}

/** One sentence for each setting that should be the same in the whole cluster and is not. */
export function differingSettings(self: Self, hello: Hello): string[] {
  const names = ['tombstoneTtlMs', 'maxDriftMs'] as const;
  return names
    .filter((name) => self.settings[name] !== hello.settings[name])
    .map(
      (name) =>
        `Node ${hello.nodeId} has ${name} ${hello.settings[name]}, this node ${self.settings[name]}: make it one setting for the cluster.`,
    );
}

function reject(code: RejectCode, reason: string): Reject {
  return { type: 'reject', code, reason };
}
