/**
 * Requests and replies in both directions over one connection. A peer's bad bytes close this connection and harm
 * nothing else.
 */

import { MalformedBytes } from '../core/byte-reader.ts';
import { BoatoError } from '../core/errors.ts';
import { FRAME_BYTES_MAX, FRAME_HEADER_BYTES } from '../core/limits.ts';
import type { MemberMessage } from '../membership/member-messages.ts';
import type { Clock } from '../ports/clock.ts';
import type { Packer } from '../ports/packer.ts';
import type { Connection } from '../ports/transport.ts';
import { decodeMessage, encodeMessage } from './message-codec.ts';
import type { Hello, Reject } from './greeting-messages.ts';
import type { Message, Notice, Reply, Request, ViewMessage } from './messages.ts';
import { type NewReply, type NewRequest, PendingRequests, UNDER_WAY_MAX } from './pending-requests.ts';
import { failureOf } from './serving-failure.ts';
import { Turns } from './turns.ts';

/** Requests of the other side that are not answered yet, until the answer has left: what it may make this side hold. */
const SERVED_AT_ONCE_MAX = 4 * UNDER_WAY_MAX;

/** Bytes of these requests together: two of the longest. */
const SERVED_BYTES_MAX = 2 * FRAME_BYTES_MAX;

/**
 * Long answers that are made, or on their way, at once: a puller asks for one at a time, or, in a comparison, for a page of
 * a list and a digest beside. Whoever asks for many and reads none makes this side hold so many.
 */
const LONG_ANSWERS_MAX = 4;

/**
 * Messages among members that have not left yet. Beyond it they are dropped, as datagrams would be: whoever makes this side
 * answer, and does not read, cannot fill its memory.
 */
const MEMBER_MESSAGES_MAX = 64;

export interface ChannelEvents {
  /** The first message of the other side. Whatever else comes before it closes the connection. */
  readonly onHello: (hello: Hello) => void;
  readonly onReject: (reject: Reject) => void;
  /** Answers a request; an error that it throws is answered with a failure. */
  readonly onRequest: (request: Request) => Promise<NewReply>;
  /** What is not answered; throws `MalformedBytes`. */
  readonly onNotice: (notice: Notice) => void;
  /** What members tell each other; throws `MalformedBytes`. */
  readonly onMemberMessage: (message: MemberMessage | ViewMessage) => void;
  /** Once, whoever closed it. `reason` is absent if there was nothing to say. */
  readonly onClose: (reason: string | undefined) => void;
  /** The other side broke the protocol; the connection closes. */
  readonly onMalformed: (reason: string) => void;
}

export class Channel {
  readonly remote: string;
  readonly #connection: Connection;
  readonly #packer: Packer;
  readonly #events: ChannelEvents;
  readonly #requests: PendingRequests;
  readonly #longAnswers = new Turns(LONG_ANSWERS_MAX);
  #memberMessages = 0;
  /** Received: no progress of what was asked for. */
  #memberBytes = 0;
  #serving = 0;
  #servingBytes = 0;
  #greeted = false;
  #closed = false;

  constructor(connection: Connection, packer: Packer, clock: Clock, events: ChannelEvents) {
    this.remote = connection.remote;
    this.#connection = connection;
    this.#packer = packer;
    this.#events = events;
    this.#requests = new PendingRequests({
      remote: connection.remote,
      clock,
      bytesReceived: () => connection.bytesReceived - this.#memberBytes,
      // A failure is one of the connection, and fails the requests with it.
      send: (request) => void this.#send(request),
      onSilence: () => this.close('it does not answer any more'),
    });
  }

  get bytesReceived(): number {
    return this.#connection.bytesReceived;
  }

  get bytesSent(): number {
    return this.#connection.bytesSent;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** A request timed out, and what it waited for has not come since: no byte, or not enough of them. */
  get isStalled(): boolean {
    return this.#requests.isStalled;
  }

  start(hello: Hello): void {
    // First of all: the other side's hello may be here already, and what answers it must come after this one.
    void this.#send(hello);
    this.#connection.start({
      onMessage: (bytes) => this.#receive(bytes),
      onClose: (reason, isMalformed) => {
        if (isMalformed === true && !this.#closed) this.#events.onMalformed(reason ?? 'no message');
        this.#end(reason);
      },
    });
  }

  /** Instead of `start`: says why nothing is heard or said here, and closes. */
  refuse(reject: Reject): void {
    void this.#send(reject);
    this.#connection.start({ onMessage: () => {}, onClose: (reason) => this.#end(reason) });
    this.close(reject.reason);
  }

  /** The reply, which may be a failure. Rejects with `PEER_UNREACHABLE` or `TIMEOUT`. */
  request(request: NewRequest): Promise<Reply> {
    return this.#requests.make(request);
  }

  /** A message that is not answered. */
  notify(message: Notice | Reject): void {
    void this.#send(message);
  }

  /** A message that may be lost. */
  tell(message: MemberMessage | ViewMessage): void {
    if (this.#memberMessages >= MEMBER_MESSAGES_MAX) return;
    this.#memberMessages++;
    void this.#send(message).finally(() => this.#memberMessages--);
  }

  close(reason?: string): void {
    this.#end(reason);
    this.#connection.close(reason);
  }

  /** Closes because the other side broke the protocol, in a way that only whoever asked for the message can see. */
  closeMalformed(reason: string): void {
    if (this.#closed) return;
    this.#events.onMalformed(reason);
    this.close(`it broke the protocol: ${reason}`);
  }

  /** Resolves when the message has left, or the connection is gone. Never fails. */
  async #send(message: Message): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#connection.send(encodeMessage(message, this.#packer));
    } catch (error) {
      // Too large, or not to be encoded at all: to go on without it would leave the other side waiting.
      const sentence = error instanceof Error ? error.message : String(error);
      this.close(`a message could not be sent: ${sentence}`);
    }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#requests.noteMessage();
    try {
      this.#dispatch(decodeMessage(bytes, this.#packer), bytes.length);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.closeMalformed(error.message);
    }
  }

  #dispatch(message: Message, bytes: number): void {
    if (message.type === 'reject') return this.#events.onReject(message);
    if ((message.type === 'hello') === this.#greeted) throw new MalformedBytes('a hello out of turn');
    switch (message.type) {
      case 'hello':
        this.#greeted = true;
        return this.#events.onHello(message);
      case 'done':
      case 'keep-alive':
      case 'lost':
        this.#requests.noteAnswer();
        return this.#events.onNotice(message);
      case 'ping':
      case 'ack':
      case 'ping-request':
      case 'nack':
      case 'members-digest':
      case 'members':
      case 'members-reply':
      case 'view':
        this.#memberBytes += FRAME_HEADER_BYTES + bytes;
        return this.#events.onMemberMessage(message);
      case 'summary':
      case 'rumours':
      case 'events':
      case 'aggregate':
      case 'compare':
      case 'sums':
        return this.#serve(message, bytes, (answer) => answer());
      case 'recent':
      case 'digest':
      case 'heads':
      case 'chains':
      case 'open':
      case 'next':
      case 'list':
      case 'fetch':
        return this.#serve(message, bytes, (answer) => this.#longAnswers.run(answer));
      case 'summary-reply':
      case 'recent-reply':
      case 'digest-reply':
      case 'heads-reply':
      case 'chains-reply':
      case 'opened':
      case 'next-reply':
      case 'compared':
      case 'sums-reply':
      case 'list-reply':
      case 'fetch-reply':
      case 'rumours-reply':
      case 'events-reply':
      case 'aggregate-reply':
      case 'failure':
        return this.#requests.settle(message);
    }
  }

  /**
   * Counted until the reply has left: a peer that asks but does not read cannot fill the memory. Throws `MalformedBytes` at
   * once, and never fails later.
   */
  #serve(request: Request, bytes: number, inTurn: (answer: () => Promise<void>) => Promise<void>): void {
    if (this.#serving >= SERVED_AT_ONCE_MAX || this.#servingBytes + bytes > SERVED_BYTES_MAX)
      throw new MalformedBytes('too many requests at once');
    this.#serving++;
    this.#servingBytes += bytes;
    void inTurn(() => this.#answer(request)).finally(() => {
      this.#serving--;
      this.#servingBytes -= bytes;
    });
  }

  /** Never fails. */
  async #answer(request: Request): Promise<void> {
    if (this.#closed) return;
    const reply: NewReply = await this.#events.onRequest(request).catch(failureOf);
    await this.#send({ ...reply, request: request.request });
  }

  #end(reason: string | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    const because = reason === undefined ? '' : `: ${reason}`;
    this.#requests.fail(
      new BoatoError('PEER_UNREACHABLE', `The connection to ${this.remote} ended${because}.`),
    );
    this.#events.onClose(reason);
  }
}
