/** What a running node says of itself: its clock, its peers, its data. */

import type { NodeStatus, PeerStatus, Warning } from '../../node/api.ts';
import { counted, exactDuration } from '../units.ts';
import { type Finding, type Mark, ok, type Subject, warning } from './finding.ts';
import { type KnownPeer, peersFindings } from './peer-findings.ts';

type Judged = readonly [subject: Subject, mark: Mark, advice?: string];

/** What each warning of the status is about, how bad it is, and what to do where its own sentence does not say so. */
const WARNINGS: Readonly<Record<Warning['code'], Judged>> = {
  CHECKING: ['data', 'warning', 'wait for the end of it'],
  DAMAGED: ['data', 'problem', 'look after the disk, and let the node reach its peers'],
  HEALING: ['data', 'warning', 'let the node reach its peers'],
  FENCED: ['data', 'problem'],
  CLOCK_IN_DOUBT: ['clock', 'problem'],
  CLOCK_OFFSET: ['clock', 'problem'],
  REFUSED_FROM_FUTURE: ['clock', 'warning'],
  HELD_FROM_FUTURE: ['clock', 'problem'],
  SETTINGS_DIFFER: ['peers', 'warning', 'give all nodes the same'],
  NO_FSYNC: ['data', 'warning', 'unless that is meant, start the node with --durability fsync'],
  PEER_REJECTED: ['peers', 'problem', 'look at the settings of both'],
  PEER_MISBEHAVED: ['peers', 'warning', 'look whether both run the same version; if they do, this is a defect'],
  CERTIFICATE_EXPIRES: ['tls', 'warning'],
  CERTIFICATE_EXPIRES_SOON: ['tls', 'problem'],
  CERTIFICATE_EXPIRED: ['tls', 'problem'],
  CERTIFICATE_UNUSABLE: ['tls', 'problem'],
  ROLLED_BACK: ['data', 'warning'],
  SAME_NAME: ['peers', 'problem'],
};

/** Of what a node of another version says. */
const UNKNOWN: Judged = ['data', 'warning'];

export function statusFindings(status: NodeStatus): readonly Finding[] {
  const told = status.warnings.map(findingOf);
  const isTold = (about: Subject): boolean => told.some(({ subject }) => subject === about);
  return [
    ...(isTold('clock') ? [] : [clockFinding(status)]),
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
