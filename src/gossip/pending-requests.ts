/**
 * The requests that wait for their replies on one connection. Progress is any byte received (R5), but a message must come to
 * its end, or come on, and what comes must be about what was asked: whoever sends a byte a second, or goes on with everything
 * else while its disk hangs, would hold the only pull of this node.
 */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Reply, Request } from './messages.ts';

/** A request fails when no byte has arrived for so long. */
export const PROGRESS_TIMEOUT_MS = 2000;

/** Whatever else arrives, a reply does not take longer: the longest message at 60 kB/s. */
const REPLY_TIMEOUT_MS = 300_000;

/** A request fails when for so long no message has come to its end, and fewer bytes than below have come. */
export const SLOW_MS = 10_000;

/** 1 KiB a second: less than the slowest links that nodes are found on. */
export const SLOW_BYTES: number = 10 * 1024;

/** A request fails when for so long no reply has come, no notice, and no part of a long message. */
const UNANSWERED_MS: number = SLOW_MS;

/** Whoever left requests unanswered is let be for as long again, and twice as long each time in a row, up to so long. */
const PAUSE_MS_MAX = 16 * UNANSWERED_MS;

/** Answered at once, whatever else is being answered: that they are says nothing of the others. */
const BESIDE: ReadonlySet<Request['type']> = new Set(['summary', 'rumours', 'events', 'aggregate']);

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

/** Requests were given up though everything else went on, and none of their kind was answered since. */
interface Unanswered {
  /** The last of them, by their numbers: their replies may still come. */
  readonly types: ReadonlyMap<number, Request['type']>;
  readonly pauseMs: number;
  readonly untilMs: number;
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
  /** When something came that was about what waits. */
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  /** What had been received when the last message had come to its end. */
  #bytesAtMessage = 0;
  /** When the last message had come to its end, or enough bytes had come, and the bytes by then. */
  #window = { sinceMs: Number.NEGATIVE_INFINITY, bytes: 0 };
  /** A request failed since, though bytes came. */
  #isSlow = false;
  #unanswered: Unanswered | undefined;
  #cancelLook: (() => void) | undefined;
  #failure: BoatoError | undefined;

  constructor(dependencies: PendingRequestsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * A request timed out, and what it waited for has not come since: no byte, not enough of them, or no answer, which comes
   * only to who asks, so that this ends after a while.
   */
  get isStalled(): boolean {
    const { bytesReceived, clock } = this.#dependencies;
    if (this.#isSlow || this.#bytesAtTimeout === bytesReceived()) return true;
    return this.#unanswered !== undefined && clock.monotonicMs() < this.#unanswered.untilMs;
  }

  /** A message has come to its end. */
  noteMessage(): void {
    this.#isSlow = false;
    this.#beginWindow();
    this.#bytesAtMessage = this.#window.bytes;
  }

  /** The other side is at work on something that was asked for, or through with it. */
  noteAnswer(): void {
    this.#answeredAtMs = this.#dependencies.clock.monotonicMs();
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
    this.#endPause(waiting?.request.type ?? this.#unanswered?.types.get(reply.request));
    if (waiting === undefined) return;
    this.#waitingByNumber.delete(reply.request);
    if (!BESIDE.has(waiting.request.type)) this.noteAnswer();
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
      if (this.#waitingByNumber.size === 0 && !this.#isSlow) this.#beginWindow();
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
    const isSlow = this.#endWindow(nowMs);
    // A long message is on its way: perhaps the reply, or what comes before it.
    if (this.#bytesSeen - this.#bytesAtMessage >= SLOW_BYTES) this.noteAnswer();
    const unanswered = new Map<number, Request['type']>();
    for (const [number, waiting] of this.#waitingByNumber) {
      const why = this.#whyLate(waiting, nowMs, isSlow);
      if (why === undefined) continue;
      if (why === 'unanswered') unanswered.set(number, waiting.request.type);
      this.#waitingByNumber.delete(number);
      this.#bytesAtTimeout = this.#bytesSeen;
      waiting.reject(timedOut(this.#dependencies.remote, why));
      if (nowMs - (this.#silentSinceMs ?? nowMs) >= SILENCE_MS) return this.#dependencies.onSilence();
    }
    if (unanswered.size > 0) this.#beginPause(unanswered, nowMs);
    this.#sendNext();
    this.#watch();
  }

  #whyLate({ sentAtMs }: Waiting, nowMs: number, isSlow: boolean): Why | undefined {
    if (nowMs - Math.max(sentAtMs, this.#progressAtMs) >= PROGRESS_TIMEOUT_MS) return 'silent';
    if (isSlow) return 'slow';
    if (nowMs - Math.max(sentAtMs, this.#answeredAtMs) >= UNANSWERED_MS) return 'unanswered';
    return nowMs - sentAtMs >= REPLY_TIMEOUT_MS ? 'late' : undefined;
  }

  #beginPause(types: Unanswered['types'], nowMs: number): void {
    const before = this.#unanswered;
    // What was asked for before the pause is of the same time.
    if (before !== undefined && nowMs < before.untilMs) return;
    const pauseMs = before === undefined ? UNANSWERED_MS : Math.min(2 * before.pauseMs, PAUSE_MS_MAX);
    this.#unanswered = { types, pauseMs, untilMs: nowMs + pauseMs };
  }

  /** Those of other kinds may need no disk, say. */
  #endPause(answered: Request['type'] | undefined): void {
    for (const type of this.#unanswered?.types.values() ?? []) {
      if (type === answered) this.#unanswered = undefined;
    }
  }

  /** Whether too little has come in all of it. */
  #endWindow(nowMs: number): boolean {
    if (nowMs - this.#window.sinceMs < SLOW_MS) return false;
    const isSlow = this.#bytesSeen - this.#window.bytes < SLOW_BYTES;
    this.#isSlow = isSlow;
    this.#beginWindow();
    return isSlow;
  }

  #beginWindow(): void {
    const { clock, bytesReceived } = this.#dependencies;
    this.#window = { sinceMs: clock.monotonicMs(), bytes: bytesReceived() };
  }

  #noteProgress(): void {
    const bytes = this.#dependencies.bytesReceived();
    if (bytes === this.#bytesSeen) return;
    this.#bytesSeen = bytes;
    this.#progressAtMs = this.#dependencies.clock.monotonicMs();
    this.#silentSinceMs = undefined;
  }
}

const WHY = {
  silent: { what: 'No byte', ms: PROGRESS_TIMEOUT_MS },
  slow: { what: `No message, and less than ${SLOW_BYTES / 1024} KiB,`, ms: SLOW_MS },
  unanswered: { what: 'No reply, and no sign of one,', ms: UNANSWERED_MS },
  late: { what: 'No reply', ms: REPLY_TIMEOUT_MS },
} as const;

type Why = keyof typeof WHY;

function timedOut(remote: string, why: Why): BoatoError {
  const { what, ms } = WHY[why];
  return new BoatoError('TIMEOUT', `${what} came from ${remote} for ${ms / 1000} s.`);
}
