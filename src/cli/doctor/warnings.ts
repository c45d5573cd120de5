/** What `store doctor` makes of each warning of a status. */

import type { Warning } from '../../node/api.ts';
import type { Mark, Subject } from './finding.ts';

export type Judged = readonly [subject: Subject, mark: Mark, advice?: string];

/** What it is about, how bad it is, and what to do where its own sentence does not say so. */
export const WARNINGS: Readonly<Record<Warning['code'], Judged>> = {
  CHECKING: ['data', 'warning', 'wait for the end of it'],
  DAMAGED: ['data', 'problem', 'look after the disk, and let the node reach its peers'],
  HEALING: ['data', 'warning', 'let the node reach its peers'],
  FENCED: ['data', 'problem'],
  CLOCK_IN_DOUBT: ['clock', 'problem'],
  CLOCK_OFFSET: ['clock', 'problem'],
  REFUSED_FROM_FUTURE: ['clock', 'warning'],
  HELD_FROM_FUTURE: ['clock', 'problem'],
  SETTINGS_DIFFER: ['peers', 'warning', 'give all nodes the same'],
  TOO_MANY_RUNS: ['peers', 'problem'],
  NO_FSYNC: ['data', 'warning', 'unless that is meant, start the node with --durability fsync'],
  PEER_REJECTED: ['peers', 'problem', 'look at the settings of both'],
  PEER_MISBEHAVED: [
    'peers',
    'warning',
    'look whether both run the same version; if they do, this is a defect',
  ],
  CERTIFICATE_EXPIRES: ['tls', 'warning'],
  CERTIFICATE_EXPIRES_SOON: ['tls', 'problem'],
  CERTIFICATE_EXPIRED: ['tls', 'problem'],
  CERTIFICATE_UNUSABLE: ['tls', 'problem'],
  ROLLED_BACK: ['data', 'warning'],
  SAME_NAME: ['peers', 'problem'],
};
