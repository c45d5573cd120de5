/**
 * TLS 1.3 with certificates on both sides, over sockets that are connected already.
 *
 * Whether the other side may talk is decided after the handshake, not by it: so a refusal can say why, in a message of our
 * own, where TLS would only break the connection.
 */

import type { Socket } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { Identity } from '../ports/transport.ts';
import type { CertificateSource } from './certificates.ts';
import { identityOf } from './peer-identity.ts';

export const WITHOUT_TLS =
  'the connection came without TLS, and one side takes no other: give all nodes certificates, or none';

/** Handshakes of strangers under way at once; more connections are closed. */
const HANDSHAKES_MAX = 128;

/** The first byte of a TLS connection: a record of the handshake. */
const HANDSHAKE_RECORD = 0x16;

type Upgraded = (socket: Socket, identity: Identity) => void;

/**
 * What makes TLS connections of sockets that were accepted; told of those that cannot be, too, if they said anything.
 * `onEnd`: the handshake is over, whatever came of it.
 */
export function tlsAcceptor(
  source: CertificateSource,
  handshakeTimeoutMs: number,
  onUpgraded: Upgraded,
): (raw: Socket, onEnd: () => void) => void {
  let inForce = source.current;
  /** By the address of the other end: what to do when a handshake is through. */
  const shaking = new Map<string, () => void>();
  const server = createServer({
    ...inForce.options,
    requestCert: true,
    // Judged in `identityOf`.
    rejectUnauthorized: false,
  });
  server.on('secureConnection', (socket) => {
    shaking.get(addressOf(socket))?.();
    socket.pause();
    onUpgraded(socket, identityOf(socket));
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    socket.on('error', () => undefined);
    // Whoever leaves without a word, as `store doctor` does, is no news.
    if (error.code?.startsWith('ERR_SSL_') === true)
      onUpgraded(socket, { problem: `the TLS handshake failed (${error.code})` });
    socket.destroy();
  });
  return (raw, onEnd) => {
    const address = addressOf(raw);
    const timer = setTimeout(() => raw.destroy(), handshakeTimeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      if (shaking.get(address) === end) shaking.delete(address);
      onEnd();
    };
    if (shaking.size >= HANDSHAKES_MAX) raw.destroy();
    shaking.set(address, end);
    raw.once('close', end);
    raw.once('data', (first: Uint8Array) => {
      raw.pause();
      raw.unshift(first);
      if (first[0] !== HANDSHAKE_RECORD) {
        end();
        return onUpgraded(raw, { problem: WITHOUT_TLS });
      }
      if (inForce !== source.current) {
        inForce = source.current;
        server.setSecureContext(inForce.options);
      }
      server.emit('connection', raw);
      // What was put back is read by TLS on the next tick, and what comes after it behind that.
      process.nextTick(() => raw.resume());
      return undefined;
    });
    raw.resume();
    return undefined;
  };
}

/** The other end answers, but not as this one speaks: no pause mends that. */
export class NoTls extends Error {}

/** Makes a TLS connection of a socket that was dialled; `host` is where. Rejects with a sentence's end. */
export function tlsDialled(
  source: CertificateSource,
  raw: Socket,
  host: string,
): Promise<[TLSSocket, Identity]> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: raw,
      secureContext: source.current.context,
      // Judged in `identityOf`.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    // Every one: a second error must not go unheard.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const isTls = error.code?.startsWith('ERR_SSL_') === true;
      reject(isTls ? new NoTls(`it speaks no TLS, or none that this node speaks (${error.code})`) : error);
    });
    socket.once('close', () => reject(new Error('the connection was closed in the TLS handshake')));
    socket.once('secureConnect', () => {
      socket.pause();
      socket.removeAllListeners('close');
      resolve([socket, identityOf(socket, host)]);
    });
  });
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
