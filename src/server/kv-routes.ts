/**
 * Routes of single entries and of lists of them.
 *
 *     GET    /v1/kv/KEY               200 {key, value, type, expiresAt?, version, actor}, or 404 NOT_FOUND
 *     PUT    /v1/kv/KEY               204; body {value, type?, ttlMs? | expiresAt?}
 *     DELETE /v1/kv/KEY               200 {deleted: whether there was a live entry}
 *     GET    /v1/kv?prefix=&limit=    200, a line of JSON for each live entry in key order, as GET of one shows it
 *     GET    /v1/count?prefix=        200 {count}
 *
 * KEY is everything behind `/v1/kv/`, percent-encoded UTF-8; a slash may stand for itself. `GET`, `PUT` and `DELETE` also
 * take it as `/v1/kv?key=KEY`. Only that form works for every legal key in every client: many clients (curl, `fetch`)
 * remove `.` and `..` from the path, however they are encoded.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Entry, Node } from '../node/api.ts';
import type { ErrorBody } from './http-errors.ts';
import { parsePutBody, shownEntry } from './line-format.ts';
import { replyLines } from './line-reply.ts';
import { Query } from './query.ts';

const PATH_PREFIX = '/v1/kv/';

export function addKvRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.get('/v1/kv/*', (request, reply) => getOne(node, keyOfPath(request), reply));
  app.get('/v1/kv', async (request, reply) => {
    const query = new Query(request.url, ['key', 'prefix', 'limit']);
    const key = query.text('key');
    if (key !== undefined) return getOne(node, key, reply);
    const prefix = query.text('prefix');
    const limit = query.count('limit');
    const entries = node.entries({
      ...(prefix === undefined ? {} : { prefix }),
      ...(limit === undefined ? {} : { limit }),
    });
    await replyLines(reply, shownLines(entries), stopping);
    return reply;
  });

  for (const url of ['/v1/kv', '/v1/kv/*']) {
    const keyOf = url === '/v1/kv' ? keyOfQuery : keyOfPath;
    app.put(url, async (request, reply) => {
      const { key, value, options } = parsePutBody(keyOf(request), request.body);
      await node.put(key, value, options);
      return reply.code(204).send();
    });
    app.delete(url, async (request) => ({ deleted: await node.del(keyOf(request)) }));
  }

  app.get('/v1/count', async (request) => {
    const prefix = new Query(request.url, ['prefix']).text('prefix');
    return { count: await node.count(prefix === undefined ? {} : { prefix }) };
  });
}

async function getOne(node: Node, key: string, reply: FastifyReply): Promise<unknown> {
  const entry = await node.getEntry(key);
  if (entry !== undefined) return shownEntry(entry);
  const body: ErrorBody = { code: 'NOT_FOUND', message: 'There is no live entry under this key.' };
  return reply.code(404).send(body);
}

async function* shownLines(entries: AsyncIterableIterator<Entry>): AsyncGenerator<string, void, undefined> {
  for await (const entry of entries) yield `${JSON.stringify(shownEntry(entry))}\n`;
}

function keyOfQuery(request: FastifyRequest): string {
  const key = new Query(request.url, ['key']).text('key');
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
