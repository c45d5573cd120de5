/** The first messages of a connection: who the other side is, and whether the two may talk. */

import type { NodeId } from '../core/actor.ts';
import type { ClusterSettings, Contact, Hello, Reject, RejectCode } from './greeting-messages.ts';
import { PROTOCOL_VERSION, PROTOCOL_VERSION_OLDEST } from './protocol-version.ts';

/** How long the other side may take to say hello. */
export const HELLO_TIMEOUT_MS = 5000;

export interface Self {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly bootNonce: number;
  readonly settings: ClusterSettings;
  readonly contact: Omit<Contact, 'seenHost'>;
}

/** Of the protocol; both ends included. */
export interface VersionRange {
  readonly oldest: number;
  readonly newest: number;
}

export const SPOKEN: VersionRange = { oldest: PROTOCOL_VERSION_OLDEST, newest: PROTOCOL_VERSION };

/** The highest version that both speak; `undefined` if there is none. Both sides come to the same. */
export function commonVersion(own: VersionRange, theirs: VersionRange): number | undefined {
  const version = Math.min(own.newest, theirs.newest);
  return version >= Math.max(own.oldest, theirs.oldest) ? version : undefined;
}

export function rangeOf({
  oldestVersion,
  newestVersion,
}: Pick<Hello, 'oldestVersion' | 'newestVersion'>): VersionRange {
  return { oldest: oldestVersion, newest: newestVersion };
}

/** `seenHost`: by which this node knows the other one; empty if it does not. */
export function helloOf(self: Self, seenHost: string = ''): Hello {
  const contact = { ...self.contact, seenHost };
  return { type: 'hello', newestVersion: SPOKEN.newest, oldestVersion: SPOKEN.oldest, ...self, contact };
}

/**
 * Why the two may not talk, in the order in which it matters; `undefined` if they may. `provenName`: the only one that the
 * other side may speak for; absent where nothing is proven.
 */
export function refusal(self: Self, hello: Hello, provenName?: string): Reject | undefined {
  const theirs = rangeOf(hello);
  if (commonVersion(SPOKEN, theirs) === undefined) {
    return reject(
      'protocol-version',
      `this node speaks ${rangeText(SPOKEN)} of the protocol, the other one ${rangeText(theirs)}`,
    );
  }
  if (hello.clusterId !== self.clusterId) {
    return reject(
      'cluster',
      `this node belongs to cluster ${self.clusterId}, the other one to ${hello.clusterId}`,
    );
  }
  if (provenName !== undefined && provenName !== hello.nodeId) {
    return reject(
      'certificate',
      `the certificate is that of node ${provenName}, and the hello that of node ${hello.nodeId}`,
    );
  }
  if (hello.nodeId !== self.nodeId) return undefined;
  return hello.bootNonce === self.bootNonce
    ? reject('same-node', 'the node dialled itself')
    : sameName(self.nodeId);
}

/** Of two live processes one has to give up its name. */
export function sameName(nodeId: NodeId): Reject {
  return reject(
    'same-name',
    `two nodes have the name ${nodeId}: give one of them another name, and an empty folder (\`store export\` and \`store import\` bring over what only it holds)`,
  );
}

/** Its name is one of a node that is gone for ever (`core/retirement.ts`). */
export function retiredName(nodeId: NodeId): Reject {
  return reject(
    'retired',
    `node ${nodeId} was forgotten for ever here: give this one another name, and an empty folder (\`store export\` and \`store import\` bring over what only it holds)`,
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

function rangeText({ oldest, newest }: VersionRange): string {
  return oldest === newest ? `version ${newest}` : `versions ${oldest} to ${newest}`;
}

function reject(code: RejectCode, reason: string): Reject {
  return { type: 'reject', code, reason };
}
