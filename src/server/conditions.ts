/**
 * Conditions and tokens in HTTP. An entry's `ETag` is `"VERSION@ACTOR"`. A write takes `If-Match: ETAG` (`"VERSION"` alone,
 * too) or `If-None-Match: *`, and answers with `Boato-Token`; a read takes that as `?after=TOKEN&timeoutMs=N`. A write that
 * waits for other nodes takes `?acks=N&timeoutMs=N`.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { DeleteOptions, Dot, PutOptions, ReadOptions, WriteConcern } from '../node/api.ts';
import { endOf } from './end-of.ts';
import type { Query } from './query.ts';

export const TOKEN_HEADER = 'boato-token';

/** The parameters of every write. */
export const WRITE_PARAMETERS: readonly string[] = ['acks', 'timeoutMs'];

/** The parameters of every read. */
export const READ_PARAMETERS: readonly string[] = ['after', 'timeoutMs'];

export function versionText(version: number | Dot): string {
  return typeof version === 'number' ? String(version) : `${version.version}@${version.actor}`;
}

/** What `versionText` was given; `undefined` if `text` has another form. */
export function parseVersion(text: string): number | Dot | undefined {
  const groups = /^(?<version>\d{1,16})(?:@(?<actor>[!-~]+))?$/u.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const version = Number(groups['version']);
  const actor = groups['actor'];
  return actor === undefined ? version : { version, actor };
}

export function etagOf(dot: Dot): string {
  return `"${versionText(dot)}"`;
}

/** Throws `INVALID_OPTION`: a condition that is not understood must not be ignored. */
export function putConditions({ headers }: FastifyRequest): Pick<PutOptions, 'ifVersion' | 'ifAbsent'> {
  const none = headers['if-none-match'];
  if (none === undefined) return versionCondition(headers['if-match']);
  if (none !== '*') throw badHeader('If-None-Match', '*');
  return { ...versionCondition(headers['if-match']), ifAbsent: true };
}

/** Throws `INVALID_OPTION`. */
export function deleteConditions({ headers }: FastifyRequest): DeleteOptions {
  if (headers['if-none-match'] !== undefined)
    throw new BoatoError('INVALID_OPTION', 'The header If-None-Match is none of a DELETE.');
  return versionCondition(headers['if-match']);
}

/** `query`: with `READ_PARAMETERS`. The wait ends when the client goes away, or the server stops. */
export function readOptions(query: Query, reply: FastifyReply, stopping: AbortSignal): ReadOptions {
  const after = query.text('after');
  const timeoutMs = query.count('timeoutMs');
  if (after === undefined && timeoutMs === undefined) return {};
  if (after === undefined)
    throw new BoatoError(
      'INVALID_OPTION',
      'The parameter "timeoutMs" needs "after": nothing else is waited for.',
    );
  const signal = endOf(reply, stopping);
  return timeoutMs === undefined ? { after, signal } : { after, timeoutMs, signal };
}

/** `query`: with `WRITE_PARAMETERS`. Whether there may be so many, the store says. */
export function writeConcern(query: Query): WriteConcern {
  const acks = query.count('acks');
  const timeoutMs = query.count('timeoutMs');
  if (acks === undefined && timeoutMs !== undefined)
    throw new BoatoError(
      'INVALID_OPTION',
      'The parameter "timeoutMs" needs "acks": nothing else is waited for.',
    );
  return { ...(acks === undefined ? {} : { acks }), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

function versionCondition(header: string | undefined): DeleteOptions {
  if (header === undefined) return {};
  const ifVersion = /^".*"$/u.test(header) ? parseVersion(header.slice(1, -1)) : undefined;
  if (ifVersion === undefined) throw badHeader('If-Match', 'the ETag of an entry, in quotes');
  return { ifVersion };
}

function badHeader(name: string, allowed: string): BoatoError {
  return new BoatoError('INVALID_OPTION', `The header ${name} takes ${allowed}.`);
}
