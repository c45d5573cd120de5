/** What views share: where the entries of one are, and what their values may be. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BoatoError } from '../core/errors.ts';

/** Of the keys of the view `name`. Fails with `INVALID_KEY`. */
export function prefixOf(name: string): string {
  if (typeof name === 'string' && name !== '') return `${name}/`;
  throw new BoatoError(
    'INVALID_KEY',
    'A counter, a set or a document needs a name: a text that is not empty.',
  );
}

/** Takes what `is` one, as it is. */
export function schemaOf<T>(what: string, is: (value: unknown) => value is T): StandardSchemaV1<T> {
  const validate = (value: unknown): StandardSchemaV1.Result<T> =>
    is(value) ? { value } : { issues: [{ message: `no ${what}` }] };
  return { '~standard': { version: 1, vendor: 'boato', validate } };
}
