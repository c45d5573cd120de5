/** What ends a command with one sentence for a person, and its exit code. */

import { BoatoError } from '../core/errors.ts';
import { errorMessage } from '../server/error-message.ts';

export const EXIT_DONE = 0;
export const EXIT_ABSENT = 1;
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 3;
/** Nothing is wrong: the key held something else than the command was told to replace. */
export const EXIT_CONDITION = 4;

export class CliError extends Error {
  readonly exitCode: typeof EXIT_USAGE | typeof EXIT_FAILURE;

  constructor(exitCode: typeof EXIT_USAGE | typeof EXIT_FAILURE, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

export function usageError(message: string, cause?: unknown): CliError {
  return new CliError(EXIT_USAGE, message, cause);
}

export function failure(message: string, cause?: unknown): CliError {
  return new CliError(EXIT_FAILURE, message, cause);
}

/** Usage is what another command line mends without anything else changing. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof BoatoError)) return EXIT_FAILURE;
  switch (error.code) {
    case 'INVALID_OPTION':
    case 'INVALID_KEY':
    case 'INVALID_VALUE':
    case 'INVALID_EXPIRY':
    case 'VALUE_TOO_LARGE':
    case 'INSECURE_NETWORK':
    case 'TOKEN_INVALID':
      return EXIT_USAGE;
    case 'CONDITION_FAILED':
      return EXIT_CONDITION;
    default:
      return EXIT_FAILURE;
  }
}

/** The reason of a failed system call in words; `message` would repeat the call and the path. */
export function systemReason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'it is not permitted';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return errorMessage(error);
  }
}
