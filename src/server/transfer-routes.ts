/**
 * Routes that move many entries: atomic batches, and streams of lines in and out.
 *
 *     POST /v1/batch      200 {operations: how many, token, acks}; body {operations: [{op: "put", key, value, type?,
 *                         ttlMs? | expiresAt?, ifVersion? | ifAbsent?}, {op: "del", key, ifVersion?}, …]}; all or nothing.
 *                         `ifVersion`: {version, actor} or a version
 *     POST /v1/import?skipInvalid&skipExisting
 *                         200 at once; body: lines of JSON {key, value, type?, expiresAt? | ttlMs?}, each a write of its own.
 *                         Answers lines while it reads: {event: "progress", imported, existing, invalid, bytes},
 *                         {event: "invalid", line, code, message} for a skipped line, and as the last one
 *                         {event: "summary", imported, existing, invalid, bytes, stopped?: {line?, code, message}}.
 *                         An answer without summary was cut off; what "progress" counted as imported is stored.
 *     GET  /v1/export?prefix=
 *                         200, a line {key, value, type, expiresAt?} for each live entry, in key order, of one state
 *     GET  /v1/backup     200, the file of a backup; one that was cut off, or failed, is refused by a restore
 */

import type { FastifyInstance } from 'fastify';
import { BoatoError } from '../core/errors.ts';
import type { Node } from '../node/api.ts';
import { replyBackup } from './backup-reply.ts';
import { READ_PARAMETERS, readOptions, TOKEN_HEADER, WRITE_PARAMETERS, writeConcern } from './conditions.ts';
import { exportLines } from './export-lines.ts';
import { importLines } from './import-lines.ts';
import { parseOperation } from './line-format.ts';
import { LineReply, replyLines } from './line-reply.ts';
import { Query, refuseParameters } from './query.ts';

export const IMPORT_URL = '/v1/import';

export function addTransferRoutes(app: FastifyInstance, node: Node, stopping: AbortSignal): void {
  app.post('/v1/batch', async (request, reply) => {
    const list = (request.body as { readonly operations?: unknown } | null | undefined)?.operations;
    if (!Array.isArray(list))
      throw new BoatoError('BATCH_INVALID', 'The body must hold an array "operations".');
    const operations = list.map(parseOperation);
    const concern = writeConcern(new Query(request.url, WRITE_PARAMETERS));
    const { token, acks } = await node.batch(operations, concern);
    return reply.header(TOKEN_HEADER, token).send({ operations: operations.length, token, acks });
  });

  app.get('/v1/export', async (request, reply) => {
    const query = new Query(request.url, ['prefix', ...READ_PARAMETERS]);
    const prefix = query.text('prefix');
    const options = readOptions(query, reply, stopping);
    const entries = node.entries(prefix === undefined ? options : { prefix, ...options });
    await replyLines(reply, exportLines(entries), stopping);
    return reply;
  });

  app.get('/v1/backup', { onRequest: refuseParameters }, async (_request, reply) => {
    await replyBackup(reply, node.backupStream(), stopping);
    return reply;
  });

  void app.register((importApp, _options, done) => {
    importApp.removeAllContentTypeParsers();
    importApp.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    importApp.post(IMPORT_URL, async (request, reply) => {
      const query = new Query(request.url, ['skipInvalid', 'skipExisting']);
      const options = { skipInvalid: query.flag('skipInvalid'), skipExisting: query.flag('skipExisting') };
      const answer = new LineReply(reply);
      // Destroying the request would take the connection, and the summary, with it.
      const source = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
      const summary = await importLines(node, source, { ...options, signal: stopping }, async (event) => {
        await answer.add(`${JSON.stringify(event)}\n`);
        if (event.event === 'progress') await answer.flush();
      });
      await answer.add(`${JSON.stringify({ event: 'summary', ...summary })}\n`);
      answer.end();
      return reply;
    });
    done();
  });
}
