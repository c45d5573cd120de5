/** Peers, for people: how each stands, and what was exchanged with it; two tables, so that both fit into 80 columns. */

import ms from 'ms';
import type { PeerStatus } from '../node/api.ts';
import type { Look, Style } from './look.ts';
import { lagText, STALE_MS } from './state-line.ts';
import { type Cell, table, type TableRow } from './table.ts';
import { size } from './units.ts';

const STANDING = ['address', 'name', 'state', 'lag', 'heard', 'success'];
const EXCHANGED = ['name', 'dialled', 'rounds', 'in sync', 'behind', 'received', 'sent', 'clock'];

export function peerTables(peers: readonly PeerStatus[], look: Look): readonly string[] {
  if (peers.length === 0) return table('peers', STANDING, [], look);
  return [
    ...table('peers', STANDING, peers.map(standing), look),
    '',
    ...table('exchanged', EXCHANGED, peers.map(exchanged), look),
  ];
}

function standing(peer: PeerStatus): TableRow {
  const { address, nodeId, state, lagMs, heardAgoMs, lastSuccessAgoMs, lastError } = peer;
  const lag = lagMs === undefined ? '?' : lagText(lagMs);
  // What a peer told long ago may be true no more.
  const isStale = heardAgoMs !== undefined && heardAgoMs > STALE_MS;
  const heard = agoText(heardAgoMs);
  return {
    cells: [
      address,
      nodeId ?? '?',
      { text: state, style: STATE_STYLES[state] },
      lagMs === undefined || lagMs === 0 ? lag : yellow(lag),
      isStale ? yellow(heard) : heard,
      agoText(lastSuccessAgoMs),
    ],
    note: lastError,
  };
}

function exchanged(peer: PeerStatus): TableRow {
  const { address, nodeId, direction, rounds, inSyncAgoMs, actorsBehind, clockOffsetMs } = peer;
  return {
    cells: [
      nodeId ?? address,
      direction === 'outbound' ? 'by us' : 'by it',
      String(rounds),
      agoText(inSyncAgoMs),
      actorsBehind === undefined ? '?' : String(actorsBehind),
      size(peer.bytesReceived),
      size(peer.bytesSent),
      clockOffsetMs === undefined ? '?' : offsetText(clockOffsetMs),
    ],
  };
}

const STATE_STYLES: Readonly<Record<PeerStatus['state'], Style>> = {
  connected: 'green',
  connecting: 'yellow',
  silent: 'yellow',
  disconnected: 'red',
  rejected: 'red',
  self: 'dim',
};

function yellow(text: string): Cell {
  return { text, style: 'yellow' };
}

function agoText(agoMs: number | undefined): string {
  return agoMs === undefined ? 'never' : `${ms(agoMs)} ago`;
}

/** `+12ms`, `-3s`. */
function offsetText(offsetMs: number): string {
  const rounded = Math.round(offsetMs);
  return rounded < 0 ? ms(rounded) : `+${ms(rounded)}`;
}
