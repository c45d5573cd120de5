/** A status for people. */

import ms from 'ms';
import { wallMsOf, type Version } from '../core/version.ts';
import type { NodeStatus, SessionStatus, StoreStatus } from '../node/api.ts';
import { type Look, PLAIN, wrapped } from './look.ts';
import { peerTables } from './peer-tables.ts';
import { escapeControls } from './printable.ts';
import type { RunningNode } from './store-client.ts';
import { table, type TableRow } from './table.ts';
import { tlsText } from './tls-text.ts';
import { counted, size } from './units.ts';

export function statusText(
  status: StoreStatus | NodeStatus,
  running: RunningNode | undefined,
  look: Look = PLAIN,
): string {
  const facts = factsOf(status, running);
  const width = Math.max(...facts.map(([name]) => name.length)) + GAP.length;
  const lines = facts.map(
    ([name, fact]) => `${look.paint('dim', name.padEnd(width))}${wrapped(escapeControls(fact), width, look)}`,
  );
  if (status.verifying !== undefined)
    lines.push(
      `A verification is under way: ${counted(status.verifying.records, 'record', 'records')} looked at.`,
    );
  if (status.bootstrapping) lines.push('The first copy of the data is still on its way.');
  if ('peers' in status) lines.push('', ...peerTables(status.peers, look));
  if ('sessions' in status && status.sessions.length > 0) {
    lines.push('', ...table('sessions', SESSION_COLUMNS, status.sessions.map(sessionRow), look));
  }
  if (status.warnings.length > 0) {
    lines.push('', look.paint('bold', 'warnings'));
    for (const { code, message } of status.warnings) {
      const text = wrapped(`${code}: ${escapeControls(message)}`, GAP.length, look);
      lines.push(`${GAP}${text.replace(code, look.paint('yellow', code))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const GAP = '  ';

function factsOf(
  status: StoreStatus | NodeStatus,
  running: RunningNode | undefined,
): readonly (readonly [string, string])[] {
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
    facts.push(['peers at', `${status.address}, mode ${status.mode}`]);
    if (status.tls !== undefined) facts.push(['TLS', tlsText(status.tls)]);
    const { malformedMessages, sessionsRefused } = status;
    if (malformedMessages + sessionsRefused > 0)
      facts.push([
        'refused',
        `${counted(malformedMessages, 'malformed message', 'malformed messages')}, ${counted(sessionsRefused, 'session', 'sessions')} from too far in the future`,
      ]);
  }
  return facts;
}

const SESSION_COLUMNS = ['direction', 'peer', 'order', 'state', 'entries', 'bytes'];

function sessionRow(session: SessionStatus): TableRow {
  const { direction, peer, order, state, entries, bytes: length, compared } = session;
  return {
    cells: [direction, peer, order, state, String(entries), size(length)],
    note: compared === undefined ? undefined : comparedText(compared),
  };
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

function runningText(running: RunningNode | undefined): string {
  if (running === undefined) return 'not running';
  return running.pid === undefined ? 'running' : `running as process ${running.pid}`;
}

function versionText(version: number): string {
  return version === 0
    ? 'none'
    : `${new Date(wallMsOf(version as Version)).toISOString()} (version ${version})`;
}
