/** Reads that wait until a write was seen here: read your writes, also on another node than the one that took them. */

import { nodeIdOf } from '../core/actor.ts';
import type { Dot } from '../core/entry.ts';
import { BoatoError } from '../core/errors.ts';
import { parseToken, type TokenDot } from '../core/token.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import { aborted, checkSignal, throwIfAborted } from './abort.ts';
import type { ReadOptions } from './api.ts';
import { DELAY_MS_MAX } from './options.ts';

export const READ_FIELDS: readonly string[] = ['after', 'timeoutMs', 'signal'];

const TIMEOUT_MS = 10_000;

export class CausalReads {
  readonly #replica: Pick<StoredReplica, 'isSeen' | 'onArrival'>;
  readonly #clock: Clock;
  /** Ends each wait. */
  readonly #ends = new Set<(error: BoatoError) => void>();
  #isStopped = false;
  /** Makes what is missing come sooner. Absent where nothing comes. */
  askPeers: (() => void) | undefined;

  constructor(replica: Pick<StoredReplica, 'isSeen' | 'onArrival'>, clock: Clock) {
    this.#replica = replica;
    this.#clock = clock;
  }

  /**
   * What a read with these options waits for; `undefined`: nothing. Throws `INVALID_OPTION` and `ABORTED`; what it waits for
   * fails with `TIMEOUT`, `ABORTED`, or `STORE_CLOSED`.
   */
  before({ after, timeoutMs = TIMEOUT_MS, signal }: ReadOptions): Promise<void> | undefined {
    checkSignal(signal);
    checkTimeout(timeoutMs);
    throwIfAborted(signal);
    const dot = after === undefined ? 'nothing' : parseToken(after);
    if (dot === undefined)
      throw new BoatoError('INVALID_OPTION', 'The option `after` must be the token that a write answered.');
    return dot === 'nothing' ? undefined : this.#seen(dot, timeoutMs, signal);
  }

  /** Ends what waits with `STORE_CLOSED`. */
  stop(): void {
    this.#isStopped = true;
    for (const end of this.#ends) end(closed());
  }

  async #seen(dot: TokenDot, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (await this.#replica.isSeen(dot)) return;
    if (this.askPeers === undefined) throw neverSeen(dot);
    if (this.#isStopped) throw closed();
    throwIfAborted(signal);
    await this.#wait(dot, timeoutMs, signal);
  }

  #wait(dot: TokenDot, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = (): void => {
        cancelTimer();
        unwatch();
        signal?.removeEventListener('abort', abort);
        this.#ends.delete(fail);
      };
      const fail = (error: unknown): void => {
        release();
        reject(error);
      };
      const succeed = (): void => {
        release();
        resolve();
      };
      const abort = (): void => fail(aborted(signal as AbortSignal));
      const look = (): void => {
        this.#replica.isSeen(dot).then((isSeen) => isSeen && succeed(), fail);
      };
      const cancelTimer = this.#clock.after(timeoutMs, () => fail(notSeen(dot, timeoutMs)));
      const unwatch = this.#replica.onArrival(dot.actor, look);
      signal?.addEventListener('abort', abort);
      this.#ends.add(fail);
      // It may have come since it was looked for.
      look();
      this.askPeers?.();
    });
  }
}

function closed(): BoatoError {
  return new BoatoError('STORE_CLOSED', 'The store is closed.');
}

function checkTimeout(timeoutMs: unknown): void {
  if (Number.isSafeInteger(timeoutMs) && (timeoutMs as number) >= 1 && (timeoutMs as number) <= DELAY_MS_MAX)
    return;
  throw new BoatoError(
    'INVALID_OPTION',
    `The option \`timeoutMs\` must be an integer from 1 to ${DELAY_MS_MAX}, milliseconds.`,
  );
}

function notSeen({ actor }: Dot, timeoutMs: number): BoatoError {
  return new BoatoError(
    'TIMEOUT',
    `The write of node ${nodeIdOf(actor)} that \`after\` names was not seen here within ${timeoutMs} ms: wait longer, see whether its peers can be reached, or read without \`after\`.`,
  );
}

function neverSeen({ actor }: Dot): BoatoError {
  return new BoatoError(
    'TIMEOUT',
    `The write of node ${nodeIdOf(actor)} that \`after\` names was not seen here, and nothing arrives without a running node: start one, or read without \`after\`.`,
  );
}
