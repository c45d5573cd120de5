/** Serves a node to the processes of its user, over a Unix domain socket that only the user can open (mode 0600). */

import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import type { Server } from 'node:http';
import { BoatoError } from '../core/errors.ts';
import type { Node } from '../node/api.ts';
import type { Log } from '../ports/log.ts';
import { createHttpServer } from './http-server.ts';
import { chooseSocketPath, removeRendezvous, writeRendezvous } from './rendezvous.ts';
import { errorMessage } from './error-message.ts';

const SOCKET_MODE = 0o600;

/** How long requests under way get to end when the server closes, before their connections are cut. */
const CLOSE_GRACE_MS = 5_000;

export interface LocalServer extends AsyncDisposable {
  /** Absolute path of the socket. */
  readonly socket: string;
  /** Ends streams and waiting requests, lets short ones end, then removes the socket and `node.json`. */
  close(): Promise<void>;
}

/**
 * To be called by the process that holds the lock of `dir`, which opening `node` took: it removes what a crashed node
 * left, writes `node.json`, then listens. Throws `LISTEN_FAILED`.
 */
export async function serveLocally(node: Node, dir: string, log: Log): Promise<LocalServer> {
  await removeRendezvous(dir);
  const socket = await chooseSocketPath(dir);
  const startedAt = new Date().toISOString();
  await writeRendezvous(dir, { pid: process.pid, socket, address: node.address, startedAt });

  const stopping = new AbortController();
  const app = createHttpServer(node, log, stopping.signal);
  await app.ready();
  try {
    await listen(app.server, socket);
  } catch (cause) {
    await app.close();
    await removeRendezvous(dir);
    const reason = errorMessage(cause);
    throw new BoatoError('LISTEN_FAILED', `The socket ${socket} cannot be opened: ${reason}.`, { cause });
  }

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    stopping.abort(new BoatoError('STORE_CLOSED', 'The node is stopping.'));
    const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
    await app.close();
    clearTimeout(cut);
    await removeRendezvous(dir);
  }
  const closeOnce = (): Promise<void> => (closed ??= close());
  return { socket, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
}

/** The socket is bound within `listen`, so that it is never there with a wider mode than it is to have. */
async function listen(server: Server, socket: string): Promise<void> {
  const umask = process.umask(0o777 & ~SOCKET_MODE);
  try {
    server.listen(socket);
  } finally {
    process.umask(umask);
  }
  await once(server, 'listening');
  await chmod(socket, SOCKET_MODE);
}
