/** The query of a request, read strictly: what is misspelt or cannot be decoded is refused, not ignored. */

import type { FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';

export class Query {
  readonly #valueByName: ReadonlyMap<string, string>;

  /** Throws `INVALID_OPTION` if `url` has a parameter beside `allowed`, one twice, or one that is not UTF-8. */
  constructor(url: string, allowed: readonly string[]) {
    const valueByName = new Map<string, string>();
    const start = url.indexOf('?');
    const pairs = start === -1 ? [] : url.slice(start + 1).split('&');
    for (const pair of pairs) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decode(equals === -1 ? pair : pair.slice(0, equals));
      if (!allowed.includes(name)) {
        const known = allowed.length === 0 ? 'there are none here' : `known here: ${allowed.join(', ')}`;
        throw new BoatoError(
          'INVALID_OPTION',
          `The parameter ${JSON.stringify(name)} is unknown (${known}).`,
        );
      }
      if (valueByName.has(name))
        throw new BoatoError('INVALID_OPTION', `The parameter "${name}" is given twice.`);
      valueByName.set(name, equals === -1 ? '' : decode(pair.slice(equals + 1)));
    }
    this.#valueByName = valueByName;
  }

  text(name: string): string | undefined {
    return this.#valueByName.get(name);
  }

  /** Present without a value means true. */
  flag(name: string): boolean {
    const value = this.#valueByName.get(name);
    if (value === undefined || value === 'false') return false;
    if (value === '' || value === 'true') return true;
    throw new BoatoError('INVALID_OPTION', `The parameter "${name}" must be true or false.`);
  }

  /** A whole number from 1. */
  count(name: string): number | undefined {
    const value = this.#valueByName.get(name);
    if (value === undefined) return undefined;
    const count = /^\d{1,16}$/u.test(value) ? Number(value) : 0;
    if (count >= 1 && Number.isSafeInteger(count)) return count;
    throw new BoatoError('INVALID_OPTION', `The parameter "${name}" must be a whole number from 1.`);
  }
}

/** A hook of routes without parameters. Throws `INVALID_OPTION`. */
export function refuseParameters(request: FastifyRequest, _reply: unknown, done: () => void): void {
  void new Query(request.url, []);
  done();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new BoatoError('INVALID_OPTION', 'The query is not percent-encoded UTF-8.', { cause });
  }
}
