/** What one look of `store doctor` found. */

export type Mark = 'ok' | 'warning' | 'problem';

/** In the order in which they are told. */
export const SUBJECTS = [
  'folder',
  'disk',
  'files',
  'versions',
  'node',
  'clock',
  'tls',
  'peers',
  'data',
] as const;

export type Subject = (typeof SUBJECTS)[number];

export interface Finding {
  readonly mark: Mark;
  /** What was looked at. */
  readonly subject: Subject;
  /** What is the case. */
  readonly message: string;
  /** What to do about it; absent where nothing is to be done, or the message says it. */
  readonly advice?: string;
}

export function ok(subject: Subject, message: string): Finding {
  return { mark: 'ok', subject, message };
}

export function warning(subject: Subject, message: string, advice: string): Finding {
  return { mark: 'warning', subject, message, advice };
}

export function problem(subject: Subject, message: string, advice: string): Finding {
  return { mark: 'problem', subject, message, advice };
}

export const NO_NODE: Finding = ok('node', 'none answers here');

export const NOT_LOOKED_AT: Finding = ok('data', 'not looked at');

/** What to do about a store that cannot be used any more. */
export const RESTORE = 'restore a backup, or empty the folder and let the peers fill it';
