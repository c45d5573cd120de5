/** Addresses on loopback that tests need before, or without, a node that listens there. */

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Addresses at which nothing listens: the system gives these ports to nobody who takes any. */
export const NOBODY: readonly [string, string] = ['127.0.0.1:1', '127.0.0.1:2'];

/** An address at which nothing listens now: the system gave its port, and has it back. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (typeof bound !== 'object' || bound === null) throw new Error('the server has no port');
  return `127.0.0.1:${bound.port}`;
}
