/** Messages over TCP, or over TLS on it. */

import { createServer, type Server, Socket } from 'node:net';
import { BoatoError, type ErrorCode } from '../core/errors.ts';
import type { Connection, Identity, Listener, Transport } from '../ports/transport.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { CertificateSource } from './certificates.ts';
import { FrameRoom } from './frame.ts';
import { TcpConnection } from './tcp-connection.ts';
import { NoTls, tlsAcceptor, tlsDialled } from './tls-ends.ts';

export interface TcpTransportOptions {
  /** Largest message in bytes; checked on the length before a byte is buffered. */
  readonly frameBytesMax: number;
  /** Of a connection's first message, which may come from anybody. Default: as of all others. */
  readonly firstFrameBytesMax?: number;
  /** Memory for messages that have come in part, of all connections; one for which there is none is closed. Default 256 MiB. */
  readonly unfinishedBytesMax?: number;
  /** Default 5,000; a handshake of TLS may take as long. */
  readonly dialTimeoutMs?: number;
  /** Accepted connections at once; further ones are closed. Default 1,024. */
  readonly connectionsMax?: number;
  /** Both ends show certificates, and all is encrypted. */
  readonly certificates?: CertificateSource | undefined;
}

const DIAL_TIMEOUT_MS = 5000;
const CONNECTIONS_MAX = 1024;
const UNFINISHED_BYTES_MAX = 256 * 2 ** 20;

const REASON_BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host is not known',
  EAI_AGAIN: 'the host could not be looked up',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  EADDRINUSE: 'the port is in use by another process',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'the system does not allow it',
};

export function createTcpTransport(options: TcpTransportOptions): Transport {
  const { frameBytesMax, firstFrameBytesMax, certificates } = options;
  const { dialTimeoutMs = DIAL_TIMEOUT_MS, connectionsMax = CONNECTIONS_MAX } = options;
  const room = new FrameRoom(options.unfinishedBytesMax ?? UNFINISHED_BYTES_MAX);
  const connections = new Set<TcpConnection>();
  /** Dialled, or accepted, and not connections yet. */
  const raw = new Set<Socket>();
  const listeners = new Set<Listener>();
  let closed = false;

  function adopt(socket: Socket, identity?: Identity): Connection {
    const reading = { firstBodyBytesMax: firstFrameBytesMax, room };
    const connection = new TcpConnection(socket, frameBytesMax, reading, identity);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
    return connection;
  }

  return {
    async listen(address, onConnection) {
      const { host, port } = parseAddress(address);
      if (closed) throw new BoatoError('LISTEN_FAILED', 'The transport is closed.');
      const accept = (socket: Socket, identity?: Identity): void => {
        if (closed) return void socket.destroy();
        onConnection(adopt(socket, identity));
        return undefined;
      };
      const upgrade = certificates && tlsAcceptor(certificates, dialTimeoutMs, accept);
      // Paused until someone wants the messages: what comes earlier waits in the system's buffers.
      const server = createServer({ pauseOnConnect: true, allowHalfOpen: false }, (socket) => {
        socket.on('error', () => undefined);
        if (closed) return void socket.destroy();
        if (upgrade === undefined) return accept(socket);
        raw.add(socket);
        upgrade(socket, () => raw.delete(socket));
        return undefined;
      });
      server.maxConnections = connectionsMax;
      await bind(server, host, port, address);
      const bound = server.address();
      const listener: Listener = {
        address: formatAddress(host, typeof bound === 'object' && bound !== null ? bound.port : port),
        async close() {
          listeners.delete(listener);
          // Not waited for: it ends when the last connection does, and those may go on.
          server.close();
          await Promise.resolve();
        },
      };
      listeners.add(listener);
      return listener;
    },

    async dial(address, name) {
      const { host, port } = parseAddress(address);
      if (closed) throw new BoatoError('PEER_UNREACHABLE', 'The transport is closed.');
      return new Promise((resolve, reject) => {
        const socket = new Socket({ allowHalfOpen: false });
        raw.add(socket);
        const timer = setTimeout(
          () => fail(`it did not answer within ${dialTimeoutMs / 1000} s`),
          dialTimeoutMs,
        );
        const settled = (): void => {
          clearTimeout(timer);
          raw.delete(socket);
        };
        const fail = (reason: string, code: ErrorCode = 'PEER_UNREACHABLE'): void => {
          settled();
          socket.destroy();
          reject(new BoatoError(code, `The peer at ${address} cannot be reached: ${reason}.`));
        };
        const succeed = (connected: Socket, identity?: Identity): void => {
          settled();
          connected.pause();
          if (closed) return fail('the transport is closed');
          resolve(adopt(connected, identity));
          return undefined;
        };
        socket.on('error', (error) => fail(reasonOf(error)));
        socket.once('close', () => fail('the connection was closed'));
        socket.connect({ host, port }, () => {
          socket.removeAllListeners('close');
          socket.removeAllListeners('error');
          // What TLS stands on fails with it.
          socket.on('error', () => undefined);
          if (certificates === undefined) return succeed(socket);
          tlsDialled(certificates, socket, name ?? host).then(
            ([secured, identity]) => succeed(secured, identity),
            (error: unknown) =>
              fail(reasonOf(error as Error), error instanceof NoTls ? 'PROTOCOL' : 'PEER_UNREACHABLE'),
          );
          return undefined;
        });
      });
    },

    async close() {
      closed = true;
      for (const listener of listeners) await listener.close();
      for (const socket of raw) socket.destroy();
      for (const connection of connections) connection.close();
    },
  };
}

function bind(server: Server, host: string, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const sentence = `The address ${address} cannot be listened on: ${reasonOf(error)}.`;
      reject(new BoatoError('LISTEN_FAILED', sentence, { cause: error }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      // Errors of accepting later on (too many open files) concern single connections.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASON_BY_CODE[code]) ?? code ?? error.message;
}
