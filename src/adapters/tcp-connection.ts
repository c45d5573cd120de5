/** One connection over TCP, or TLS on it, that carries whole messages. */

import type { Socket } from 'node:net';
import { BoatoError } from '../core/errors.ts';
import type { Connection, ConnectionEvents, Identity } from '../ports/transport.ts';
import { formatAddress } from './address.ts';
import { FRAME_HEADER_BYTES } from '../core/limits.ts';
import { frameHeader, FrameReader, type FrameReaderOptions, NO_ROOM } from './frame.ts';

/** How long the other side may take to read what was sent before the connection is cut. */
const CLOSE_GRACE_MS = 2000;

export class TcpConnection implements Connection {
  readonly remote: string;
  readonly identity?: Identity;
  bytesReceived = 0;
  bytesSent = 0;
  readonly #socket: Socket;
  readonly #frameBytesMax: number;
  readonly #reader: FrameReader;
  #events: ConnectionEvents | undefined;
  /** Set when the end is known; told once there is someone to tell. */
  #ended: { readonly reason: string | undefined; readonly isMalformed: boolean } | undefined;
  #closedHere = false;

  /** `identity`: what its other end proved, if it had to. */
  constructor(
    socket: Socket,
    frameBytesMax: number,
    options: FrameReaderOptions,
    identity: Identity | undefined,
  ) {
    if (identity !== undefined) this.identity = identity;
    this.remote = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    this.#socket = socket;
    this.#frameBytesMax = frameBytesMax;
    this.#reader = new FrameReader(frameBytesMax, options);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    let failure: string | undefined;
    socket.on('error', (error) => (failure ??= (error as NodeJS.ErrnoException).code ?? error.message));
    socket.on('end', () => (failure ??= 'the other side closed it'));
    socket.on('close', () => this.#end(failure ?? 'the connection broke'));
  }

  send(message: Uint8Array): Promise<void> {
    if (message.length > this.#frameBytesMax || message.length === 0) {
      const sentence = `A message of ${message.length} bytes cannot be sent; the limit is ${this.#frameBytesMax}.`;
      return Promise.reject(new BoatoError('FRAME_TOO_LARGE', sentence));
    }
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.bytesSent += FRAME_HEADER_BYTES + message.length;
      this.#socket.cork();
      this.#socket.write(frameHeader(message.length));
      // Loss is seen by `onClose`: an error here only says that the connection is gone.
      this.#socket.write(message, () => resolve());
      this.#socket.uncork();
    });
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    this.#socket.on('data', (piece) => this.#receive(piece));
    this.#socket.resume();
    this.#tellEnd();
  }

  /** Bytes that were handed over are still sent, so that a reason given just before arrives: for a while. */
  close(): void {
    if (this.#closedHere) return;
    this.#closedHere = true;
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#socket.once('close', () => clearTimeout(timer));
    this.#end(undefined);
  }

  #receive(piece: Uint8Array): void {
    // Of an end that proved nothing no byte is looked at.
    if (this.#ended !== undefined || (this.identity !== undefined && 'problem' in this.identity)) return;
    this.bytesReceived += piece.length;
    const reason = this.#reader.read(piece, (body) => this.#deliver(body));
    if (reason !== undefined) this.#fail(`it sent ${reason}`, reason !== NO_ROOM);
  }

  #deliver(body: Uint8Array): boolean {
    try {
      this.#events?.onMessage(body);
    } catch (error) {
      this.#fail(`a message could not be handled: ${String(error)}`, false);
    }
    return this.#ended === undefined;
  }

  #fail(reason: string, isMalformed: boolean = false): void {
    this.#socket.destroy();
    this.#end(reason, isMalformed);
  }

  #end(reason: string | undefined, isMalformed: boolean = false): void {
    if (this.#ended !== undefined) return;
    this.#reader.drop();
    this.#ended = { reason: this.#closedHere ? undefined : reason, isMalformed };
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#ended !== undefined) this.#events?.onClose(this.#ended.reason, this.#ended.isMalformed);
  }
}
