/** The memory twin of the network: the same messages and byte counts, delivered in order, one after another. */

import { BoatoError } from '../core/errors.ts';
import type { Connection, ConnectionEvents, Listener, Transport } from '../ports/transport.ts';
import { formatAddress, parseAddress } from './address.ts';
import { FRAME_HEADER_BYTES } from '../core/limits.ts';

/** Ports that are allotted when port 0 is asked for. */
const FIRST_PORT = 40_000;

export interface MemoryNetworkOptions {
  /** Sees every message that is sent, before it is delivered. */
  readonly observe?: (from: string, to: string, message: Uint8Array) => void;
  readonly frameBytesMax?: number;
}

export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #acceptByAddress = new Map<string, { host: string; accept: (connection: Connection) => void }>();
  readonly #pairs = new Set<readonly [MemoryEnd, MemoryEnd]>();
  readonly #cuts = new Set<string>();
  #nextPort = FIRST_PORT;

  constructor(options: MemoryNetworkOptions = {}) {
    this.#options = options;
  }

  /** The network as the machine named `host` sees it. */
  transport(host: string): Transport {
    const addresses = new Set<string>();
    return {
      listen: async (address, onConnection): Promise<Listener> => {
        await Promise.resolve();
        const asked = parseAddress(address).port;
        const bound = formatAddress(host, asked === 0 ? this.#nextPort++ : asked);
        if (this.#acceptByAddress.has(bound)) {
          throw new BoatoError(
            'LISTEN_FAILED',
            `The address ${bound} cannot be listened on: the port is in use.`,
          );
        }
        this.#acceptByAddress.set(bound, { host, accept: onConnection });
        addresses.add(bound);
        const close = (): Promise<void> => {
          this.#acceptByAddress.delete(bound);
          return Promise.resolve();
        };
        return { address: bound, close };
      },
      dial: async (address) => {
        await Promise.resolve();
        const listener = this.#acceptByAddress.get(address);
        if (listener === undefined || this.#cuts.has(cutName(host, listener.host))) {
          throw new BoatoError(
            'PEER_UNREACHABLE',
            `The peer at ${address} cannot be reached: nothing listens there.`,
          );
        }
        return this.#connect(host, address, listener);
      },
      close: () => {
        for (const address of addresses) this.#acceptByAddress.delete(address);
        for (const [a, b] of this.#pairs)
          if (a.host === host || b.host === host) a.break('the other side closed it');
        return Promise.resolve();
      },
    };
  }

  /** Breaks the connections between two machines, and lets no new ones come about. */
  cut(hostA: string, hostB: string): void {
    this.#cuts.add(cutName(hostA, hostB));
    for (const [a, b] of this.#pairs) {
      if (cutName(a.host, b.host) === cutName(hostA, hostB)) a.break('the connection broke');
    }
  }

  heal(hostA: string, hostB: string): void {
    this.#cuts.delete(cutName(hostA, hostB));
  }

  #connect(
    host: string,
    address: string,
    listener: { host: string; accept: (connection: Connection) => void },
  ): Connection {
    const dialler = new MemoryEnd(host, address, this.#options);
    const accepter = new MemoryEnd(listener.host, formatAddress(host, this.#nextPort++), this.#options);
    const pair = [dialler, accepter] as const;
    this.#pairs.add(pair);
    const forget = (): void => void this.#pairs.delete(pair);
    dialler.join(accepter, forget);
    accepter.join(dialler, forget);
    listener.accept(accepter);
    return dialler;
  }
}

class MemoryEnd implements Connection {
  readonly host: string;
  readonly remote: string;
  bytesReceived = 0;
  bytesSent = 0;
  readonly #options: MemoryNetworkOptions;
  #other: MemoryEnd | undefined;
  #forget: () => void = () => {};
  #events: ConnectionEvents | undefined;
  #waiting: Uint8Array[] = [];
  #end: { readonly reason: string | undefined } | undefined;

  constructor(host: string, remote: string, options: MemoryNetworkOptions) {
    this.host = host;
    this.remote = remote;
    this.#options = options;
  }

  join(other: MemoryEnd, forget: () => void): void {
    this.#other = other;
    this.#forget = forget;
  }

  async send(message: Uint8Array): Promise<void> {
    const { frameBytesMax = Number.POSITIVE_INFINITY, observe } = this.#options;
    if (message.length > frameBytesMax) {
      throw new BoatoError('FRAME_TOO_LARGE', `A message of ${message.length} bytes cannot be sent.`);
    }
    const other = this.#other;
    if (this.#end !== undefined || other === undefined) return;
    this.bytesSent += message.length + FRAME_HEADER_BYTES;
    observe?.(this.host, other.host, message);
    const copy = message.slice();
    await Promise.resolve();
    other.#arrive(copy);
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    for (const message of this.#waiting.splice(0)) this.#deliver(message);
    if (this.#end !== undefined) events.onClose(this.#end.reason);
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#forget();
    // What was sent arrives before the end does.
    void Promise.resolve().then(() => this.#other?.finish('the other side closed it'));
    this.finish(undefined);
  }

  /** Both ends at once, with nothing more delivered. */
  break(reason: string): void {
    this.#forget();
    this.finish(reason);
    this.#other?.finish(reason);
  }

  finish(reason: string | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#events?.onClose(reason);
  }

  #arrive(message: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.bytesReceived += message.length + FRAME_HEADER_BYTES;
    if (this.#events === undefined) this.#waiting.push(message);
    else this.#deliver(message);
  }

  #deliver(message: Uint8Array): void {
    try {
      this.#events?.onMessage(message);
    } catch (error) {
      this.finish(`a message could not be handled: ${String(error)}`);
      this.#other?.finish('the connection broke');
    }
  }
}

function cutName(hostA: string, hostB: string): string {
  return hostA < hostB ? `${hostA} ${hostB}` : `${hostB} ${hostA}`;
}
