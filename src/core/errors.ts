/** Operating failures. Broken invariants are assertions (`assert.ts`); a peer's bad bytes are neither. */

/** Stable codes, documented in `docs/errors.md`; what a program may branch on. */
export const ERROR_CODES = [
  'INVALID_OPTION',
  'INVALID_KEY',
  'INVALID_VALUE',
  'INVALID_EXPIRY',
  'VALUE_TOO_LARGE',
  'BATCH_TOO_LARGE',
  'BATCH_INVALID',
  'CONDITION_FAILED',
  'SCHEMA_MISMATCH',
  'CLOCK_AHEAD',
  'CLOCK_IN_DOUBT',
  'STORE_CLOSED',
  'STORE_FENCED',
  'STORE_LOCKED',
  'STORE_MISSING',
  'STORE_EXISTS',
  'STORE_UNREADABLE',
  'FORMAT_UNSUPPORTED',
  'NAME_MISMATCH',
  'CLUSTER_MISMATCH',
  'RECORD_DAMAGED',
  'BACKUP_INVALID',
  'FILE_UNWRITABLE',
  'LISTEN_FAILED',
  'INSECURE_NETWORK',
  'CERTIFICATE_INVALID',
  'MEMBERSHIP_OFF',
  'MEMBER_UNKNOWN',
  'MEMBER_LIVE',
  'MEMBER_UNSETTLED',
  'PEER_UNREACHABLE',
  'PEER_REFUSED',
  'PROTOCOL',
  'FRAME_TOO_LARGE',
  'TIMEOUT',
  'TOO_FEW_ACKS',
  'TOO_MANY_EVENTS',
  'ABORTED',
  'SESSION_VOID',
  'TOKEN_INVALID',
  'CHANGES_GONE',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}

/** An operating failure: one sentence for people in `message`, one stable `code` for programs. */
export class BoatoError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'BoatoError';
    this.code = code;
  }
}
