import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { assert } from '../../src/core/assert.ts';
import { BoatoError, type ErrorCode } from '../../src/core/errors.ts';

/** Complete: a code that is added or renamed does not compile here until it is listed. */
const CODES = Object.keys({
  INVALID_OPTION: true,
  INVALID_KEY: true,
  INVALID_VALUE: true,
  INVALID_EXPIRY: true,
  VALUE_TOO_LARGE: true,
  BATCH_TOO_LARGE: true,
  BATCH_INVALID: true,
  CONDITION_FAILED: true,
  SCHEMA_MISMATCH: true,
  CLOCK_AHEAD: true,
  CLOCK_IN_DOUBT: true,
  STORE_CLOSED: true,
  STORE_FENCED: true,
  STORE_LOCKED: true,
  STORE_MISSING: true,
  STORE_UNREADABLE: true,
  FORMAT_UNSUPPORTED: true,
  NAME_MISMATCH: true,
  CLUSTER_MISMATCH: true,
  RECORD_DAMAGED: true,
  LISTEN_FAILED: true,
  INSECURE_NETWORK: true,
  CERTIFICATE_INVALID: true,
  PEER_UNREACHABLE: true,
  PEER_REFUSED: true,
  PROTOCOL: true,
  FRAME_TOO_LARGE: true,
  TIMEOUT: true,
  TOO_FEW_ACKS: true,
  TOO_MANY_EVENTS: true,
  ABORTED: true,
  SESSION_VOID: true,
  STORE_EXISTS: true,
  BACKUP_INVALID: true,
  FILE_UNWRITABLE: true,
  TOKEN_INVALID: true,
  MEMBERSHIP_OFF: true,
  MEMBER_UNKNOWN: true,
  MEMBER_LIVE: true,
  MEMBER_UNSETTLED: true,
  CHANGES_GONE: true,
} satisfies Record<ErrorCode, true>);

describe('an operating failure', () => {
  test('has a code for programs, a sentence for people, and the cause', () => {
    const cause = new Error('disk full');
    const error = new BoatoError('STORE_FENCED', 'A write to disk failed.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe('STORE_FENCED');
    expect(error.message).toBe('A write to disk failed.');
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('BoatoError: A write to disk failed.');
    expect(error.stack).toContain('errors.test.ts');
  });

  test('without a cause names none', () => {
    expect(new BoatoError('TIMEOUT', 'No answer.')).not.toHaveProperty('cause');
  });

  test.each(CODES)('%s is explained in the README', (code) => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`${code}\``);
  });
});

describe('a broken invariant', () => {
  test('is named, is no operating failure, and is ours', () => {
    let error: unknown;
    try {
      assert(false, 'closed is at most received');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(BoatoError);
    expect(String(error)).toBe(
      'Error: Invariant broken: closed is at most received. This is a defect of Boato; please report it.',
    );
  });

  test('costs nothing while it holds', () => {
    expect(() => assert(true, 'never said')).not.toThrow();
  });
});
