/** Answers what is no HTTP request at all, which no route sees, in the form of all other errors. */

import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { ErrorBody } from './http-errors.ts';

/** Cut at once, a connection may lose the answer with what its client still sends. */
const CLOSE_GRACE_MS = 2000;

const SENTENCES: Readonly<Record<number, string>> = {
  400: 'The request is not HTTP.',
  408: 'The request did not come in time.',
  431: 'The headers of the request are too long.',
};

/** `error`: of Node's parser. The connection ends: where the next request would begin is not known. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  // Answered before: what comes after it is passed over.
  if (!socket.writable) return;
  const status = statusOf(error.code);
  const body: ErrorBody = { code: 'INVALID_OPTION', message: SENTENCES[status] ?? '' };
  const json = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(json)}`,
      'connection: close',
      '',
      json,
    ].join('\r\n'),
  );
  const cut = setTimeout(() => socket.destroy(), CLOSE_GRACE_MS);
  socket.once('close', () => clearTimeout(cut));
}

function statusOf(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}
