/** What a running node says of itself: its clock, its peers, its data. */

import type { NodeStatus, PeerStatus, Warning } from '../../node/api.ts';
import { counted, exactDuration } from '../units.ts';
import { type Finding, ok, type Subject, warning } from './finding.ts';
import { type KnownPeer, peersFindings } from './peer-findings.ts';
import { runningTlsFinding } from './tls-findings.ts';
import { type Judged, WARNINGS } from './warnings.ts';

/** Of what a node of another version says. */
const UNKNOWN: Judged = ['data', 'warning'];

export function statusFindings(status: NodeStatus): readonly Finding[] {
  const told = status.warnings.map(findingOf);
  const isTold = (about: Subject): boolean => told.some(({ subject }) => subject === about);
  return [
    ...(isTold('clock') ? [] : [clockFinding(status)]),
    ...(isTold('tls') ? [] : [runningTlsFinding(status)]),
    ...peersFindings(knownPeers(status)),
    ...(isTold('data') ? [] : [dataFinding(status)]),
    ...told,
  ];
}

function findingOf({ code, message }: Warning): Finding {
  const [subject, mark, advice] = (WARNINGS as Readonly<Partial<typeof WARNINGS>>)[code] ?? UNKNOWN;
  const finding = { mark, subject, message: `${code}: ${message}` };
  return advice === undefined ? finding : { ...finding, advice };
}

function clockFinding({ peers }: NodeStatus): Finding {
  const offsetsMs = peers.flatMap(({ clockOffsetMs }) =>
    clockOffsetMs === undefined ? [] : [Math.abs(clockOffsetMs)],
  );
  if (offsetsMs.length === 0) return ok('clock', 'not compared: no peer has told its time yet');
  const most = exactDuration(Math.round(Math.max(...offsetsMs)));
  return ok('clock', `at most ${most} from ${offsetsMs.length === 1 ? "the peer's" : "the peers'"}`);
}

function knownPeers({ peers }: NodeStatus): readonly KnownPeer[] {
  return peers.filter(({ state }) => state !== 'self').map(knownPeer);
}

function knownPeer({ address, nodeId, state, lastError = state }: PeerStatus): KnownPeer {
  const name = nodeId === undefined ? address : `${nodeId} at ${address}`;
  if (state === 'connected') return { name };
  if (state === 'silent') return { name, error: `${name} is connected, but does not answer` };
  return { name, error: lastError.includes(address) ? lastError : `${name} cannot be reached: ${lastError}` };
}

function dataFinding({ entries, fingerprint, bootstrapping }: NodeStatus): Finding {
  const held = counted(entries, 'entry', 'entries');
  return bootstrapping
    ? warning('data', `${held}, and the first copy is still on its way`, 'wait for the end of it')
    : ok('data', `${held}, fingerprint ${fingerprint}, no damage known`);
}
