/** What a server answers when it cannot give what was asked for. */

import { BoatoError } from '../core/errors.ts';
import type { Failure, FailureCode } from './messages.ts';

/** Thrown while a request is answered; becomes the reply. */
export class ServingFailure extends Error {
  override name = 'ServingFailure';
  readonly code: FailureCode;

  /** `reason`: a sentence without its full stop, for the other side's log. */
  constructor(code: FailureCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** The reply that an error makes; what is not meant for the other side is not told. */
export function failureOf(error: unknown): Omit<Failure, 'request'> {
  if (error instanceof ServingFailure) return { type: 'failure', code: error.code, reason: error.message };
  const reason = error instanceof BoatoError ? REASON_BY_CODE[error.code] : undefined;
  return { type: 'failure', code: 'not-serving', reason: reason ?? 'an error of the server' };
}

const REASON_BY_CODE: Readonly<Record<string, string>> = {
  STORE_CLOSED: 'the node stops',
  STORE_FENCED: 'a write to its disk failed',
  RECORD_DAMAGED: 'a record on its disk is damaged',
};
