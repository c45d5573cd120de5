/** A status for people. */

import ms from 'ms';
import { wallMsOf, type Version } from '../core/version.ts';
import type { NodeStatus, PeerStatus, SessionStatus, StoreStatus } from '../node/api.ts';
import { escapeControls } from './printable.ts';
import type { RunningNode } from './store-client.ts';
import { counted, size } from './units.ts';

export function statusText(status: StoreStatus | NodeStatus, running: RunningNode | undefined): string {
  const facts: (readonly [string, string])[] = [
    ['node', `${status.nodeId} of cluster ${status.clusterId}, ${runningText(running)}`],
    ['data', `${status.dir}, durability ${status.durability}, tombstone TTL ${ms(status.tombstoneTtlMs)}`],
    ['software', `boato ${status.version}`],
    [
      'entries',
      `${status.entries}, tombstones included; ${status.permanent} of them live and never to expire`,
    ],
    ['latest', versionText(status.lastVersion)],
    ['horizon', versionText(status.horizon)],
    ['fingerprint', status.fingerprint],
    [
      'context',
      `${status.contextHash}, ${counted(status.actors, 'actor', 'actors')}, ${counted(status.cloudDots, 'cloud dot', 'cloud dots')}, ${status.looseDots} loose`,
    ],
  ];
  if (status.actor !== undefined) facts.push(['writes as', status.actor]);
  if ('address' in status) {
    facts.push(['peers at', status.address]);
    const { malformedMessages, sessionsRefused } = status;
    if (malformedMessages + sessionsRefused > 0)
      facts.push([
        'refused',
        `${counted(malformedMessages, 'malformed message', 'malformed messages')}, ${counted(sessionsRefused, 'session', 'sessions')} from too far in the future`,
      ]);
  }
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, fact]) => `${name.padEnd(width)}  ${escapeControls(fact)}`);
  if (status.verifying !== undefined)
    lines.push(
      `A verification is under way: ${counted(status.verifying.records, 'record', 'records')} looked at.`,
    );
  if (status.bootstrapping) lines.push('The first copy of the data is still on its way.');
  if ('peers' in status) lines.push('', ...section('peers', PEER_COLUMNS, status.peers.map(peerCells)));
  if ('sessions' in status && status.sessions.length > 0) {
    lines.push('', ...section('sessions', SESSION_COLUMNS, status.sessions.map(sessionCells)));
  }
  if (status.warnings.length > 0) {
    lines.push(
      '',
      'warnings',
      ...status.warnings.map(({ code, message }) => `  ${code}: ${escapeControls(message)}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

const PEER_COLUMNS = [
  'address',
  'name',
  'state',
  'last in sync',
  'behind',
  'clock',
  'rounds',
  'received',
  'sent',
  '',
];

function peerCells(peer: PeerStatus): readonly string[] {
  const { inSyncAgoMs, actorsBehind, clockOffsetMs } = peer;
  return [
    peer.address,
    peer.nodeId ?? '?',
    `${peer.state} ${peer.direction === 'inbound' ? 'in' : 'out'}`,
    inSyncAgoMs === undefined ? 'never' : `${ms(Math.round(inSyncAgoMs))} ago`,
    actorsBehind === undefined ? '?' : counted(actorsBehind, 'actor', 'actors'),
    clockOffsetMs === undefined ? '?' : `${clockOffsetMs < 0 ? '' : '+'}${Math.round(clockOffsetMs)}ms`,
    String(peer.rounds),
    size(peer.bytesReceived),
    size(peer.bytesSent),
    peer.lastError ?? '',
  ];
}

const SESSION_COLUMNS = ['direction', 'peer', 'order', 'state', 'entries', 'bytes', ''];

function sessionCells({
  direction,
  peer,
  order,
  state,
  entries,
  bytes: length,
  compared,
}: SessionStatus): readonly string[] {
  return [
    direction,
    peer,
    order,
    state,
    String(entries),
    size(length),
    compared === undefined ? '' : comparedText(compared),
  ];
}

function comparedText({
  read,
  total,
  settled,
  kept,
  dropped,
}: NonNullable<SessionStatus['compared']>): string {
  if (settled === 0) return `looks for differences: ${read} of ${counted(total, 'entry', 'entries')} read`;
  return `${counted(settled, 'difference', 'differences')} settled: ${kept} kept, ${dropped} dropped`;
}

function section(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [`${title}: none`];
  const table = [columns, ...rows.map((cells) => cells.map(escapeControls))];
  const widths = columns.map((_column, at) => Math.max(...table.map((cells) => cells[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    return `  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd();
  };
  return [title, ...table.map(line)];
}

function runningText(running: RunningNode | undefined): string {
  if (running === undefined) return 'not running';
  return running.pid === undefined ? 'running' : `running as process ${running.pid}`;
}

function versionText(version: number): string {
  return version === 0
    ? 'none'
    : `${new Date(wallMsOf(version as Version)).toISOString()} (version ${version})`;
}
