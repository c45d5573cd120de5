/** Errors as HTTP answers: a status and a body `{code, message}`. */

import { ConditionError } from '../core/condition.ts';
import { BoatoError, type ErrorCode } from '../core/errors.ts';
import type { Dot } from '../node/api.ts';
import { TooFewAcksError, type WriteResult } from '../node/write-concern.ts';
import { errorMessage } from './error-message.ts';

/** What the server says for itself, beside the codes of `BoatoError`. */
export type HttpCode = ErrorCode | 'NOT_FOUND' | 'ROUTE_NOT_FOUND' | 'BODY_TOO_LARGE' | 'INTERNAL';

export interface ErrorBody {
  readonly code: HttpCode;
  readonly message: string;
  /** Of a condition that did not hold: the key, and what is live under it. */
  readonly key?: string;
  readonly present?: Dot | null;
  /** Of a write that too few nodes are known to hold: what was written. */
  readonly written?: WriteResult;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
}

/** The answer for `error`; anything but a `BoatoError` and a request that fastify refused is a defect: 500 `INTERNAL`. */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof BoatoError) {
    const body = { code: error.code, message: error.message };
    return { status: statusOf(error.code), body: { ...body, ...detailsOf(error) } };
  }
  const message = errorMessage(error);
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return { status, body: { code: 'BODY_TOO_LARGE', message: 'The body is too large.' } };
  if (status >= 400 && status < 500) return { status, body: { code: 'INVALID_OPTION', message } };
  return { status: 500, body: { code: 'INTERNAL', message } };
}

function detailsOf(error: BoatoError): Partial<ErrorBody> {
  if (error instanceof ConditionError) return { key: error.key, present: error.present ?? null };
  return error instanceof TooFewAcksError ? { written: error.result } : {};
}

export function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'INVALID_OPTION':
    case 'INVALID_KEY':
    case 'INVALID_VALUE':
    case 'INVALID_EXPIRY':
    case 'BATCH_INVALID':
    case 'TOKEN_INVALID':
      return 400;
    case 'MEMBERSHIP_OFF':
    case 'MEMBER_UNKNOWN':
    case 'MEMBER_LIVE':
    case 'MEMBER_UNSETTLED':
      return 409;
    case 'CONDITION_FAILED':
      return 412;
    case 'SCHEMA_MISMATCH':
      return 422;
    case 'CHANGES_GONE':
      return 410;
    case 'VALUE_TOO_LARGE':
    case 'BATCH_TOO_LARGE':
      return 413;
    case 'TOO_MANY_EVENTS':
      return 429;
    case 'CLOCK_AHEAD':
    case 'CLOCK_IN_DOUBT':
    case 'STORE_CLOSED':
    case 'STORE_FENCED':
    case 'STORE_LOCKED':
    case 'ABORTED':
      return 503;
    case 'PEER_UNREACHABLE':
    case 'PEER_REFUSED':
    case 'PROTOCOL':
    case 'SESSION_VOID':
    case 'FRAME_TOO_LARGE':
      return 502;
    case 'TIMEOUT':
    case 'TOO_FEW_ACKS':
      return 504;
    case 'STORE_MISSING':
    case 'STORE_EXISTS':
    case 'STORE_UNREADABLE':
    case 'FORMAT_UNSUPPORTED':
    case 'NAME_MISMATCH':
    case 'CLUSTER_MISMATCH':
    case 'RECORD_DAMAGED':
    case 'BACKUP_INVALID':
    case 'FILE_UNWRITABLE':
    case 'LISTEN_FAILED':
    case 'INSECURE_NETWORK':
    case 'CERTIFICATE_INVALID':
      return 500;
  }
}
