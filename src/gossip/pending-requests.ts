/** The requests that wait for their replies on one connection. Progress is any byte received (R5). */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reply, Request } from './messages.ts';

/** A request fails when no byte has arrived for so long. */
export const PROGRESS_TIMEOUT_MS = 2000;

/** Whatever else arrives, a reply does not take longer: the longest message at 60 kB/s. */
const REPLY_TIMEOUT_MS = 300_000;

/** How often bytes are counted while a request waits: a failure comes at most so much late. */
const LOOK_INTERVAL_MS = 500;

/** Requests without an answer, for so long without a byte: nobody is there any more. */
const SILENCE_MS = 3 * PROGRESS_TIMEOUT_MS;

/** Requests under way at once; more wait for their turn. The other side takes four times as many (`channel.ts`). */
export const UNDER_WAY_MAX = 16;

type WithoutNumber<T> = T extends unknown ? Omit<T, 'request'> : never;
export type NewRequest = WithoutNumber<Request>;
export type NewReply = WithoutNumber<Reply>;

interface Waiting {
  readonly request: NewRequest;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  sentAtMs: number;
}

export interface PendingRequestsDependencies {
  readonly remote: string;
  readonly clock: Clock;
  readonly bytesReceived: () => number;
  readonly send: (request: Request) => void;
  /** Several requests in a row stayed without a byte of answer. */
  readonly onSilence: () => void;
}

export class PendingRequests {
  readonly #dependencies: PendingRequestsDependencies;
  readonly #queue: Waiting[] = [];
  readonly #waitingByNumber = new Map<number, Waiting>();
  #lastNumber = 0;
  #bytesSeen = 0;
  /** What had been received when a request timed out. */
  #bytesAtTimeout: number | undefined;
  #progressAtMs = Number.NEGATIVE_INFINITY;
  /** When the first request was sent after the last byte came. */
  #silentSinceMs: number | undefined;
  #cancelLook: (() => void) | undefined;
  #failure: BoatoError | undefined;

  constructor(dependencies: PendingRequestsDependencies) {
    this.#dependencies = dependencies;
  }

  /** A request timed out, and no byte has come since. */
  get isSilent(): boolean {
    return this.#bytesAtTimeout === this.#dependencies.bytesReceived();
  }

  /** The reply, which may be a failure. Rejects with `TIMEOUT`, or with what `fail` was given. */
  make(request: NewRequest): Promise<Reply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject, sentAtMs: 0 });
      this.#sendNext();
    });
  }

  /** A reply to a request that was given up is late, not malformed. */
  settle(reply: Reply): void {
    const waiting = this.#waitingByNumber.get(reply.request);
    if (waiting === undefined) return;
    this.#waitingByNumber.delete(reply.request);
    waiting.resolve(reply);
    this.#sendNext();
    this.#watch();
  }

  /** The connection is gone: every request fails, those to come as well. */
  fail(error: BoatoError): void {
    this.#failure = error;
    const all = [...this.#waitingByNumber.values(), ...this.#queue];
    this.#waitingByNumber.clear();
    this.#queue.length = 0;
    this.#watch();
    for (const { reject } of all) reject(error);
  }

  #sendNext(): void {
    while (this.#queue.length > 0 && this.#waitingByNumber.size < UNDER_WAY_MAX) {
      const waiting = this.#queue.shift() as Waiting;
      this.#lastNumber = (this.#lastNumber % 0xffff_ffff) + 1;
      this.#noteProgress();
      waiting.sentAtMs = this.#dependencies.clock.monotonicMs();
      this.#silentSinceMs ??= waiting.sentAtMs;
      this.#waitingByNumber.set(this.#lastNumber, waiting);
      this.#watch();
      this.#dependencies.send({ ...waiting.request, request: this.#lastNumber });
    }
  }

  /** One timer looks after all requests, and runs only while there are any. */
  #watch(): void {
    if (this.#waitingByNumber.size === 0) {
      this.#cancelLook?.();
      this.#cancelLook = undefined;
    } else if (this.#cancelLook === undefined) {
      this.#cancelLook = this.#dependencies.clock.after(LOOK_INTERVAL_MS, () => this.#look());
    }
  }

  #look(): void {
    this.#cancelLook = undefined;
    this.#noteProgress();
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const [number, waiting] of this.#waitingByNumber) {
      const isSilent = nowMs - Math.max(waiting.sentAtMs, this.#progressAtMs) >= PROGRESS_TIMEOUT_MS;
      if (!isSilent && nowMs - waiting.sentAtMs < REPLY_TIMEOUT_MS) continue;
      this.#waitingByNumber.delete(number);
      this.#bytesAtTimeout = this.#bytesSeen;
      waiting.reject(timedOut(this.#dependencies.remote, isSilent));
      if (nowMs - (this.#silentSinceMs ?? nowMs) >= SILENCE_MS) return this.#dependencies.onSilence();
    }
    this.#sendNext();
    this.#watch();
  }

  #noteProgress(): void {
    const bytes = this.#dependencies.bytesReceived();
    if (bytes === this.#bytesSeen) return;
    this.#bytesSeen = bytes;
    this.#progressAtMs = this.#dependencies.clock.monotonicMs();
    this.#silentSinceMs = undefined;
  }
}

function timedOut(remote: string, isSilent: boolean): BoatoError {
  const seconds = (isSilent ? PROGRESS_TIMEOUT_MS : REPLY_TIMEOUT_MS) / 1000;
  return new BoatoError('TIMEOUT', `No ${isSilent ? 'byte' : 'reply'} came from ${remote} for ${seconds} s.`);
}
