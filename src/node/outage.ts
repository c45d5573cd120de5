/** What people are told while nothing can be written because a write has failed. */

import { BoatoError } from '../core/errors.ts';
import type { FencedStatus, Warning } from './api.ts';

export interface Outage {
  /** What fenced the store. */
  readonly error: BoatoError;
  /** Wall clock. */
  readonly sinceMs: number;
  /** To open the store again. */
  attempts: number;
  /** Of the last attempt. */
  lastError: unknown;
  /** Wall clock; `undefined` while an attempt runs, or none follows. */
  nextAttemptMs: number | undefined;
  /** No attempt follows: a defect came again and again. */
  isGivenUp: boolean;
}

export function fencedStatus(outage: Readonly<Outage>): FencedStatus {
  const { sinceMs, error, attempts, nextAttemptMs, lastError } = outage;
  return {
    since: sinceMs,
    reason: sentenceOf(error.cause),
    attempts,
    ...(nextAttemptMs === undefined ? {} : { nextAttemptAt: nextAttemptMs }),
    ...(lastError === undefined ? {} : { lastError: sentenceOf(lastError) }),
  };
}

export function fencedWarning(outage: Readonly<Outage>, wallMs: number): Warning {
  return { code: 'FENCED', message: sentence(outage, wallMs) };
}

/** For a write that comes now. */
export function writeRefused(outage: Readonly<Outage>, wallMs: number): BoatoError {
  return new BoatoError('STORE_FENCED', sentence(outage, wallMs), { cause: outage.error.cause });
}

/** For a scan of a store that was closed under it. `isOpen`: there is another one by now. */
export function readEnded(isOpen: boolean, cause: unknown): BoatoError {
  return new BoatoError(
    'STORE_FENCED',
    isOpen
      ? 'After a failed write the store was opened anew, and what was being read of the old one ended: read it again.'
      : 'After a failed write the store could not be opened again yet, so nothing can be read: its status says why, and it tries again by itself.',
    { cause },
  );
}

function sentence(outage: Readonly<Outage>, wallMs: number): string {
  const { error, sinceMs, attempts, lastError, isGivenUp, nextAttemptMs } = outage;
  const what = `Nothing is written since ${new Date(sinceMs).toISOString()}: ${sentenceOf(error.cause)}`;
  if (isGivenUp) return `${what}. This came again and again: please report it, and start the node again.`;
  const when =
    nextAttemptMs === undefined
      ? 'just now'
      : `next in ${Math.max(0, Math.ceil((nextAttemptMs - wallMs) / 1000))} s`;
  const failed =
    lastError === undefined ? '' : ` (attempts so far: ${attempts}; the last one: ${sentenceOf(lastError)})`;
  return `${what}. The store tries by itself to take writes again, ${when}${failed}; what was acknowledged is on disk.`;
}

/** Without its full stop. */
function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\.$/u, '');
}
