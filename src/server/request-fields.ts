/** The JSON body of a request, read strictly. */

import type { FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';

/** The fields of a body, which may be missing altogether. */
export function fieldsOf(request: FastifyRequest, known: readonly string[]): Record<string, unknown> {
  const body = request.body ?? {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new BoatoError('INVALID_OPTION', 'The body must be a JSON object.');
  }
  const other = Object.keys(body).find((field) => !known.includes(field));
  if (other !== undefined)
    throw new BoatoError('INVALID_OPTION', `The field ${JSON.stringify(other)} is unknown.`);
  return body as Record<string, unknown>;
}

export function timeoutOf(timeoutMs: unknown): { readonly timeoutMs?: number } {
  if (timeoutMs === undefined) return {};
  if (typeof timeoutMs === 'number' && Number.isSafeInteger(timeoutMs) && timeoutMs > 0) return { timeoutMs };
  throw new BoatoError('INVALID_OPTION', 'The field "timeoutMs" must be a whole number from 1.');
}
