/**
 * Routes of single entries and of lists of them.
 *
 *     GET    /v1/kv/KEY               200 {key, value, type, expiresAt?, version, actor}, or 404 NOT_FOUND
 *     PUT    /v1/kv/KEY               200 {version, actor, token, acks}; body {value, type?, ttlMs? | expiresAt?}
 *     DELETE /v1/kv/KEY               200 {existed: whether there was a live entry, token, acks}
 *     GET    /v1/kv?prefix=&limit=    200, a line of JSON for each live entry in key order, as GET of one shows it
 *     GET    /v1/count?prefix=        200 {count}
 *
 * Conditions, ETags, tokens, `?acks=`: `conditions.ts`. A condition that does not hold is 412 CONDITION_FAILED with
 * {key, present}; too few nodes are 504 TOO_FEW_ACKS with {written}.
 *
 * KEY is everything behind `/v1/kv/`, percent-encoded UTF-8; a slash may stand for itself. `GET`, `PUT` and `DELETE` also
 * take it as `/v1/kv?key=KEY`. Only that form works for every legal key in every client: many clients (curl, `fetch`)
 * remove `.` and `..` from the path, however they are encoded.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Entry, Node, ReadOptions, WriteConcern } from '../node/api.ts';
import {
  deleteConditions,
  etagOf,
  putConditions,
  READ_PARAMETERS,
  readOptions,
  TOKEN_HEADER,
  WRITE_PARAMETERS,
  writeConcern,
} from './conditions.ts';
import type { ErrorBody } from './http-errors.ts';
import { parsePutBody, shownEntry } from './line-format.ts';
import { replyLines } from './line-reply.ts';
import { Query } from './query.ts';

const PATH_PREFIX = '/v1/kv/';

export function addKvRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.get('/v1/kv/*', (request, reply) => {
    const options = readOptions(new Query(request.url, READ_PARAMETERS), reply, stopping);
    return getOne(node, keyOfPath(request), options, reply);
  });
  app.get('/v1/kv', async (request, reply) => {
    const query = new Query(request.url, ['key', 'prefix', 'limit', ...READ_PARAMETERS]);
    const options = readOptions(query, reply, stopping);
    const key = query.text('key');
    if (key !== undefined) return getOne(node, key, options, reply);
    const prefix = query.text('prefix');
    const limit = query.count('limit');
    const entries = node.entries({
      ...options,
      ...(prefix === undefined ? {} : { prefix }),
      ...(limit === undefined ? {} : { limit }),
    });
    await replyLines(reply, shownLines(entries), stopping);
    return reply;
  });

  for (const url of ['/v1/kv', '/v1/kv/*']) {
    const isQuery = url === '/v1/kv';
    const keyOf = isQuery ? keyOfQuery : keyOfPath;
    const parameters = isQuery ? ['key', ...WRITE_PARAMETERS] : WRITE_PARAMETERS;
    const concernOf = (request: FastifyRequest): WriteConcern =>
      writeConcern(new Query(request.url, parameters));
    app.put(url, async (request, reply) => {
      const { key, value, options } = parsePutBody(keyOf(request), request.body);
      const written = await node.put(key, value, {
        ...options,
        ...putConditions(request),
        ...concernOf(request),
      });
      return reply.header('etag', etagOf(written)).header(TOKEN_HEADER, written.token).send(written);
    });
    app.delete(url, async (request, reply) => {
      const deleted = await node.del(keyOf(request), { ...deleteConditions(request), ...concernOf(request) });
      return reply.header(TOKEN_HEADER, deleted.token).send(deleted);
    });
  }

  app.get('/v1/count', async (request, reply) => {
    const query = new Query(request.url, ['prefix', ...READ_PARAMETERS]);
    const prefix = query.text('prefix');
    const options = readOptions(query, reply, stopping);
    return { count: await node.count(prefix === undefined ? options : { prefix, ...options }) };
  });
}

async function getOne(node: Node, key: string, options: ReadOptions, reply: FastifyReply): Promise<unknown> {
  const entry = await node.getEntry(key, options);
  if (entry !== undefined) return reply.header('etag', etagOf(entry)).send(shownEntry(entry));
  const body: ErrorBody = { code: 'NOT_FOUND', message: 'There is no live entry under this key.' };
  return reply.code(404).send(body);
}

async function* shownLines(entries: AsyncIterableIterator<Entry>): AsyncGenerator<string, void, undefined> {
  for await (const entry of entries) yield `${JSON.stringify(shownEntry(entry))}\n`;
}

function keyOfQuery(request: FastifyRequest): string {
  const key = new Query(request.url, ['key', ...WRITE_PARAMETERS]).text('key');
  if (key === undefined) throw new BoatoError('INVALID_OPTION', 'The parameter "key" is missing.');
  return key;
}

/** From the address as it came: the router decodes some sequences twice. */
function keyOfPath(request: FastifyRequest): string {
  const [path = ''] = request.url.split('?', 1);
  try {
    return decodeURIComponent(path.slice(PATH_PREFIX.length));
  } catch (cause) {
    throw new BoatoError('INVALID_KEY', 'The key in the address is not percent-encoded UTF-8.', { cause });
  }
}
