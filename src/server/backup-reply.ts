/** Answers with the file of a backup, as fast as its reader takes it. */

import type { FastifyReply } from 'fastify';
import type { ErrorCode } from '../core/errors.ts';
import { failureBlock } from '../storage/backup-format.ts';
import { errorAnswer } from './http-errors.ts';

/**
 * An error before the first piece is thrown, so that it becomes a plain error answer; a later one ends the file with a block
 * that says so, and the connection. `pieces` is closed when the client goes away or `stopping` fires.
 */
export async function replyBackup(
  reply: FastifyReply,
  pieces: AsyncIterableIterator<Uint8Array>,
  stopping: AbortSignal,
): Promise<void> {
  let next = await pieces.next();
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  try {
    while (next.done !== true && !response.destroyed) {
      stopping.throwIfAborted();
      if (!response.write(next.value)) await drained(response);
      next = await pieces.next();
    }
    response.end();
  } catch (error) {
    const { code, message } = errorAnswer(error).body;
    response.write(failureBlock({ code: code as ErrorCode, message }), () => response.destroy());
  } finally {
    await pieces.return?.();
  }
}

/** Resolves when more can be taken, or the client is gone. */
function drained(response: FastifyReply['raw']): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
