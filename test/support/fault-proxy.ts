/** A TCP proxy on loopback that can cut, delay and throttle each direction: the network, when it is not well. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { formatAddress, parseAddress } from '../../src/adapters/address.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** Bytes that wait in a delayed direction before its source is held back. */
const WAITING_BYTES_MAX = 2 ** 20;

/** What happens to bytes on their way. */
export interface Fault {
  /** Every byte arrives so much later. */
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
}

export interface FaultProxy {
  /** Where to dial instead of the target: `127.0.0.1:port`. */
  readonly address: string;
  readonly bytesToTarget: number;
  readonly bytesFromTarget: number;
  /** From now on; connections that are open go on to the old one. */
  retarget(address: string): void;
  /** Breaks every connection, and refuses new ones, until `heal`. */
  cut(): void;
  heal(): void;
  /** Replaces the fault of one direction; `{}` is none. */
  impair(direction: 'toTarget' | 'fromTarget', fault: Fault): void;
  close(): Promise<void>;
}

export async function startFaultProxy(
  options: { readonly target?: string; readonly clock?: Clock } = {},
): Promise<FaultProxy> {
  const proxy = new Proxy(options.target, options.clock ?? systemClock);
  await proxy.listen();
  return proxy;
}

class Proxy implements FaultProxy {
  address = '';
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fault: Record<'toTarget' | 'fromTarget', Fault> = { toTarget: {}, fromTarget: {} };
  readonly #bytes = { toTarget: 0, fromTarget: 0 };
  #target: string | undefined;
  #isCut = false;

  constructor(target: string | undefined, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get bytesToTarget(): number {
    return this.#bytes.toTarget;
  }

  get bytesFromTarget(): number {
    return this.#bytes.fromTarget;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port');
    this.address = formatAddress('127.0.0.1', bound.port);
  }

  retarget(address: string): void {
    this.#target = address;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#isCut = false;
  }

  impair(direction: 'toTarget' | 'fromTarget', fault: Fault): void {
    this.#fault[direction] = fault;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#isCut || this.#target === undefined) {
      client.destroy();
      return;
    }
    const { host, port } = parseAddress(this.#target);
    const target = connect({ host, port });
    for (const socket of [client, target]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // What breaks shows as the end of both.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    this.#pipe('toTarget', client, target);
    this.#pipe('fromTarget', target, client);
  }

  #pipe(direction: 'toTarget' | 'fromTarget', from: Socket, to: Socket): void {
    const count = (bytes: number): void => void (this.#bytes[direction] += bytes);
    const pipe = new ImpairedPipe(from, to, () => this.#fault[direction], this.#clock, count);
    from.on('data', (piece) => pipe.push(piece));
  }
}

class ImpairedPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #fault: () => Fault;
  readonly #clock: Clock;
  readonly #count: (bytes: number) => void;
  readonly #waiting: { readonly dueMs: number; readonly piece: Uint8Array }[] = [];
  #waitingBytes = 0;
  /** When the last byte leaves a throttled direction. */
  #busyUntilMs = 0;

  constructor(from: Socket, to: Socket, fault: () => Fault, clock: Clock, count: (bytes: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#fault = fault;
    this.#clock = clock;
    this.#count = count;
    to.on('drain', () => this.#goOn());
  }

  push(piece: Uint8Array): void {
    const { delayMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.#fault();
    const nowMs = this.#clock.monotonicMs();
    this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + (piece.length / bytesPerSecond) * 1000;
    const dueMs = this.#busyUntilMs + delayMs;
    if (dueMs <= nowMs && this.#waiting.length === 0) return this.#write(piece);
    this.#waiting.push({ dueMs, piece });
    this.#waitingBytes += piece.length;
    if (this.#waiting.length === 1) this.#schedule(dueMs);
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#from.pause();
  }

  #schedule(dueMs: number): void {
    this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#waitingBytes -= next.piece.length;
      this.#write(next.piece);
      const [after] = this.#waiting;
      if (after !== undefined) this.#schedule(after.dueMs);
      this.#goOn();
    });
  }

  #write(piece: Uint8Array): void {
    if (this.#to.destroyed) return;
    this.#count(piece.length);
    if (!this.#to.write(piece)) this.#from.pause();
  }

  #goOn(): void {
    if (this.#waitingBytes <= WAITING_BYTES_MAX && !this.#to.writableNeedDrain) this.#from.resume();
  }
}
