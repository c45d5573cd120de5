/** The state of a node in one line: what to look at first. */

import ms from 'ms';
import type { NodeStatus, PeerStatus } from '../node/api.ts';
import { folderBytes } from '../adapters/folder-bytes.ts';
import { escapeControls } from './printable.ts';
import { counted, size } from './units.ts';

/** A word of a peer that is older is shown with its age. */
export const STALE_MS = 10_000;

export interface State {
  /** Tombstones included. */
  readonly entries: number;
  /** Nodes that are known, each once, and those of them that are connected. */
  readonly peers: number;
  readonly reachable: number;
  /** The longest among the peers that are connected and have told, and whose it is; absent if none has. */
  readonly lagMs?: number;
  readonly laggingBehind?: string;
  /** Of these peers, time since that one told what it has which has been silent for longest. */
  readonly heardAgoMs?: number;
  /** Peers that are connected and have not told yet. */
  readonly unknown: number;
  readonly sessions: number;
  readonly warnings: number;
  readonly diskBytes: number;
}

export async function stateOf(status: NodeStatus): Promise<State> {
  const others = status.peers.filter(({ state }) => state !== 'self');
  const peers = [...new Map(others.map((peer) => [peer.nodeId ?? peer.address, peer])).values()];
  const reachable = peers.filter(({ state }) => state === 'connected');
  const told = reachable.filter(({ lagMs }) => lagMs !== undefined);
  const [worst] = told.toSorted((a, b) => lagOf(b) - lagOf(a));
  return {
    entries: status.entries,
    peers: peers.length,
    reachable: reachable.length,
    ...(worst === undefined ? {} : { lagMs: lagOf(worst), heardAgoMs: longestSilence(told) }),
    ...(worst === undefined || lagOf(worst) === 0 ? {} : { laggingBehind: worst.nodeId ?? worst.address }),
    unknown: reachable.length - told.length,
    sessions: status.sessions.length,
    warnings: status.warnings.length,
    diskBytes: await folderBytes(status.dir),
  };
}

export function stateText(state: State): string {
  const { entries, peers, reachable, sessions, warnings, diskBytes } = state;
  const facts = [
    counted(entries, 'entry', 'entries'),
    `${reachable} of ${counted(peers, 'peer', 'peers')} reachable`,
    ...lagFact(state),
    counted(sessions, 'session', 'sessions'),
    ...(warnings === 0 ? [] : [counted(warnings, 'warning', 'warnings')]),
    `${size(diskBytes)} on disk`,
  ];
  return facts.join(', ');
}

/** `0`, or such as `12s`. */
export function lagText(lagMs: number): string {
  return lagMs === 0 ? '0' : ms(lagMs);
}

function lagFact({ lagMs, laggingBehind, heardAgoMs = 0, unknown }: State): string[] {
  if (lagMs === undefined) return unknown === 0 ? [] : ['lag unknown'];
  const behind = laggingBehind === undefined ? '' : ` behind ${escapeControls(laggingBehind)}`;
  const since = heardAgoMs <= STALE_MS ? '' : ` as of ${ms(heardAgoMs)} ago`;
  const others = unknown === 0 ? '' : ` (${unknown} unknown)`;
  return [`lag ${lagText(lagMs)}${behind}${since}${others}`];
}

function longestSilence(peers: readonly PeerStatus[]): number {
  return Math.max(...peers.map(({ heardAgoMs = 0 }) => heardAgoMs));
}

function lagOf({ lagMs = 0 }: PeerStatus): number {
  return lagMs;
}
