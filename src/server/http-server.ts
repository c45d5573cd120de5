/** The node's local HTTP server: fastify with the routes, one body parser and one form of errors. */

import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Node } from '../node/api.ts';
import type { Log } from '../ports/log.ts';
import { limitBodyTime } from './body-time.ts';
import { addChangeRoutes } from './change-routes.ts';
import { addEventRoutes } from './event-routes.ts';
import { errorAnswer, type ErrorBody } from './http-errors.ts';
import { addKvRoutes } from './kv-routes.ts';
import { parseJson } from './line-format.ts';
import { addMemberRoutes } from './member-routes.ts';
import { addNodeRoutes } from './node-routes.ts';
import { refuseParameters } from './query.ts';
import { addSignsOfLife } from './signs-of-life.ts';
import { LINE_BYTES_MAX } from './split-lines.ts';
import { addTransferRoutes, IMPORT_URL } from './transfer-routes.ts';
import { answerUnreadable } from './unreadable-request.ts';

/** A batch of the largest size (see `LINE_BYTES_MAX`), and 256 bytes of JSON around each of its 10,000 operations. */
export const BODY_BYTES_MAX: number = LINE_BYTES_MAX + 10_000 * 256;

/** A token in an address or a header: for some 10,000 actors. Node's own limit, 16 KiB, would do for some 400. */
const HEADER_BYTES_MAX = 2 ** 19;

/** `stopping` ends what would otherwise take as long as it likes: streams, and waiting for peers. */
export function createHttpServer(node: Node, log: Log, stopping: AbortSignal): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => void answerError(error, reply, log),
  });
  app.removeAllContentTypeParsers();
  // Any content type: curl sends JSON as a form unless it is told otherwise. JSON.parse: fastify's own refuses legal values.
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string | Buffer) => {
    const text = body.toString();
    return text.trim() === '' ? undefined : parseJson(text, 'INVALID_OPTION', 'The body');
  });
  app.setErrorHandler((error, _request, reply) => answerError(error, reply, log));
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    const body: ErrorBody = {
      code: 'ROUTE_NOT_FOUND',
      message: `There is no ${request.method} ${path} here.`,
    };
    return reply.code(404).send(body);
  });
  addSignsOfLife(app);
  limitBodyTime(app, (url) => url === IMPORT_URL);
  addKvRoutes(app, node, stopping);
  addTransferRoutes(app, node, stopping);
  addChangeRoutes(app, node, stopping);
  void app.register((plain, _options, done) => {
    plain.addHook('onRequest', refuseParameters);
    addNodeRoutes(plain, node, stopping);
    addMemberRoutes(plain, node, stopping);
    addEventRoutes(plain, node, stopping);
    done();
  });
  return app;
}

function answerError(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const { status, body } = errorAnswer(error);
  if (body.code === 'INTERNAL') log.error({ err: error }, 'A request failed unexpectedly.');
  return reply.code(status).send(body);
}
