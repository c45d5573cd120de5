/** A value that does not match its schema. */

import { BoatoError } from './errors.ts';

/** What is wrong, and where: the names and indexes that lead to it, none for the value itself. */
export interface SchemaIssue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
}

/** Issues that are told in the sentence; `issues` has them all. */
const TOLD_MAX = 3;

/** `code` is `SCHEMA_MISMATCH`: nothing was written, or what was read stays as it is. */
export class SchemaError extends BoatoError {
  readonly key: string;
  /** Empty if the schema itself failed; `cause` says how. */
  readonly issues: readonly SchemaIssue[];

  constructor(
    direction: 'write' | 'read',
    key: string,
    issues: readonly SchemaIssue[],
    options?: { readonly cause?: unknown },
  ) {
    const end = direction === 'write' ? 'nothing was written' : 'read it without its schema to mend it';
    super(
      'SCHEMA_MISMATCH',
      `The value of the key ${JSON.stringify(key)} does not match its schema: ${summary(issues)}; ${end}.`,
      options,
    );
    this.name = 'SchemaError';
    this.key = key;
    this.issues = issues;
  }
}

function summary(issues: readonly SchemaIssue[]): string {
  if (issues.length === 0) return 'the schema failed to check it';
  const told = issues.slice(0, TOLD_MAX).map(({ message, path }) => {
    return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`;
  });
  const more = issues.length - told.length;
  return `${told.join('; ')}${more === 0 ? '' : `; and ${more} more`}`;
}
