/** What messages tell of peers' clocks, and what follows from it (R11). */

import type { NodeId } from '../core/actor.ts';
import { isPeerAhead } from '../core/drift.ts';
import type { Clock } from '../ports/clock.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Warnings } from './warnings.ts';

export interface PeerClocksDependencies {
  readonly clock: Clock;
  readonly warnings: Warnings;
  readonly maxDriftMs: number;
  readonly recordsOf: (nodeId: NodeId) => readonly PeerRecord[];
  /** Told of every offset: a peer's wall clock minus the own one, in milliseconds. */
  readonly onPeerClock: (peer: NodeId, offsetMs: number) => void;
}

export class PeerClocks {
  readonly #dependencies: PeerClocksDependencies;

  constructor(dependencies: PeerClocksDependencies) {
    this.#dependencies = dependencies;
  }

  /** A message of `peer` said that its clock shows `peerWallMs`. Answers whether anything may be taken from it. */
  hear(peer: NodeId, peerWallMs: number): boolean {
    const { clock, warnings, maxDriftMs, recordsOf, onPeerClock } = this.#dependencies;
    const wallMs = clock.wallMs();
    const offsetMs = peerWallMs - wallMs;
    for (const record of recordsOf(peer)) record.clockOffsetMs = offsetMs;
    onPeerClock(peer, offsetMs);
    const isAhead = isPeerAhead(peerWallMs, wallMs, maxDriftMs);
    if (Math.abs(offsetMs) <= maxDriftMs) warnings.clear('CLOCK_OFFSET', peer);
    else warnings.raise('CLOCK_OFFSET', peer, offsetSentence(peer, offsetMs, isAhead));
    return !isAhead;
  }
}

function offsetSentence(peer: NodeId, offsetMs: number, isAhead: boolean): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  const what = isAhead ? 'ahead of this one, so nothing is taken from it' : 'behind this one';
  return `The clock of node ${peer} is ${seconds} s ${what}: check both machines.`;
}
