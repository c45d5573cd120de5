/**
 * Requests and replies in both directions over one connection. A peer's bad bytes close this connection and harm
 * nothing else.
 */

import { MalformedBytes } from '../core/byte-reader.ts';
import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Packer } from '../ports/packer.ts';
import type { Connection } from '../ports/transport.ts';
import { decodeMessage, encodeMessage } from './message-codec.ts';
import type { Done, Failure, FailureCode, Hello, Message, Reject, Reply, Request } from './messages.ts';

/** A request fails when no byte has arrived for so long (R5: a delta without progress is set aside). */
const PROGRESS_TIMEOUT_MS = 2000;

/** Requests of the other side that may wait for their replies; a correct peer has a handful. */
const SERVED_AT_ONCE_MAX = 64;

type WithoutNumber<T> = T extends unknown ? Omit<T, 'request'> : never;
export type NewRequest = WithoutNumber<Request>;
export type NewReply = WithoutNumber<Reply>;

export interface ChannelEvents {
  /** The first message of the other side. Whatever else comes before it closes the connection. */
  readonly onHello: (hello: Hello) => void;
  readonly onReject: (reject: Reject) => void;
  /** Answers a request; an error that it throws is answered with a failure. */
  readonly onRequest: (request: Request) => Promise<NewReply>;
  readonly onDone: (done: Done) => void;
  /** Once. `reason` is absent if this side closed it. */
  readonly onClose: (reason: string | undefined) => void;
  readonly onMalformed: (reason: string) => void;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: BoatoError) => void;
  cancelTimer: () => void;
}

export class Channel {
  readonly remote: string;
  readonly #connection: Connection;
  readonly #packer: Packer;
  readonly #clock: Clock;
  readonly #events: ChannelEvents;
  readonly #waitingByRequest = new Map<number, Waiting>();
  #nextRequest = 1;
  #serving = 0;
  #greeted = false;
  #closed: BoatoError | undefined;

  constructor(connection: Connection, packer: Packer, clock: Clock, events: ChannelEvents) {
    this.remote = connection.remote;
    this.#connection = connection;
    this.#packer = packer;
    this.#clock = clock;
    this.#events = events;
  }

  get bytesReceived(): number {
    return this.#connection.bytesReceived;
  }

  get bytesSent(): number {
    return this.#connection.bytesSent;
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  start(hello: Hello): void {
    this.#connection.start({
      onMessage: (bytes) => this.#receive(bytes),
      onClose: (reason) => this.#end(reason),
    });
    this.#send(hello);
  }

  /** The reply, which may be a failure. Fails with `PEER_UNREACHABLE` or `TIMEOUT`. */
  request(request: NewRequest): Promise<Reply> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const number = this.#nextRequest;
    this.#nextRequest = (this.#nextRequest % 0xffff_ffff) + 1;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { resolve, reject, cancelTimer: () => {} };
      this.#waitingByRequest.set(number, waiting);
      this.#watchProgress(number, waiting, this.bytesReceived);
      this.#send({ ...request, request: number } as Request);
    });
  }

  /** A message that is not answered. */
  notify(message: Done | Reject): void {
    if (this.#closed === undefined) this.#send(message);
  }

  close(reason?: string): void {
    this.#connection.close(reason);
    this.#end(reason);
  }

  #watchProgress(number: number, waiting: Waiting, bytesReceived: number): void {
    waiting.cancelTimer = this.#clock.after(PROGRESS_TIMEOUT_MS, () => {
      if (this.bytesReceived > bytesReceived) {
        this.#watchProgress(number, waiting, this.bytesReceived);
      } else {
        this.#waitingByRequest.delete(number);
        const seconds = PROGRESS_TIMEOUT_MS / 1000;
        waiting.reject(new BoatoError('TIMEOUT', `No byte came from ${this.remote} for ${seconds} s.`));
      }
    });
  }

  #send(message: Message): void {
    // Failures to send are failures of the connection, which `onClose` tells; a message too large is ours to prevent.
    this.#connection.send(encodeMessage(message, this.#packer)).catch((error: unknown) => {
      this.close(`a message could not be sent: ${String(error)}`);
    });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed !== undefined) return;
    try {
      this.#dispatch(decodeMessage(bytes, this.#packer));
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.#events.onMalformed(error.message);
      this.close(`it sent a malformed message: ${error.message}`);
    }
  }

  #dispatch(message: Message): void {
    if (message.type === 'reject') return this.#events.onReject(message);
    if ((message.type === 'hello') === this.#greeted) throw new MalformedBytes('a hello out of turn');
    switch (message.type) {
      case 'hello':
        this.#greeted = true;
        return this.#events.onHello(message);
      case 'done':
        return this.#events.onDone(message);
      case 'summary':
      case 'digest':
      case 'open':
      case 'next':
        return this.#serve(message);
      case 'summary-reply':
      case 'digest-reply':
      case 'opened':
      case 'next-reply':
      case 'failure':
        return this.#settle(message);
    }
  }

  #serve(request: Request): void {
    if (this.#serving >= SERVED_AT_ONCE_MAX) throw new MalformedBytes('too many requests at once');
    this.#serving++;
    this.#events
      .onRequest(request)
      .catch((error: unknown): WithoutNumber<Failure> => failureOf(error))
      .then((reply) => {
        this.#serving--;
        if (this.#closed === undefined) this.#send({ ...reply, request: request.request } as Reply);
      })
      .catch((error: unknown) => this.close(`a reply could not be made: ${String(error)}`));
  }

  #settle(reply: Reply): void {
    const waiting = this.#waitingByRequest.get(reply.request);
    // A reply to a request that was given up is late, not malformed.
    if (waiting === undefined) return;
    this.#waitingByRequest.delete(reply.request);
    waiting.cancelTimer();
    waiting.resolve(reply);
  }

  #end(reason: string | undefined): void {
    if (this.#closed !== undefined) return;
    this.#closed = new BoatoError(
      'PEER_UNREACHABLE',
      `The connection to ${this.remote} ended${reason === undefined ? '' : `: ${reason}`}.`,
    );
    for (const waiting of this.#waitingByRequest.values()) {
      waiting.cancelTimer();
      waiting.reject(this.#closed);
    }
    this.#waitingByRequest.clear();
    this.#events.onClose(reason);
  }
}

/** What a server answers when it cannot. */
export class ServingFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

function failureOf(error: unknown): WithoutNumber<Failure> {
  if (error instanceof ServingFailure) return { type: 'failure', code: error.code, reason: error.message };
  const reason = error instanceof BoatoError ? error.code : 'an error of the server';
  return { type: 'failure', code: 'not-serving', reason };
}
