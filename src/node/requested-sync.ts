/** A round now, for who asks for one: what it brought, or until every peer has seen what this node holds. */

import { BoatoError } from '../core/errors.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Clock } from '../ports/clock.ts';
import { aborted, checkSignal } from './abort.ts';
import type { SyncOptions, SyncResult } from './api.ts';
import { checkKnown } from './options.ts';

export class RequestedSync {
  readonly #gossip: Gossip;
  readonly #clock: Clock;
  readonly #isClosing: () => boolean;

  constructor(gossip: Gossip, clock: Clock, isClosing: () => boolean) {
    this.#gossip = gossip;
    this.#clock = clock;
    this.#isClosing = isClosing;
  }

  async run(options: SyncOptions = {}): Promise<SyncResult> {
    checkKnown(options, ['wait', 'timeoutMs', 'signal']);
    const { wait = false, timeoutMs } = options;
    const signal = checkSignal(options.signal);
    if (timeoutMs !== undefined && !(Number.isSafeInteger(timeoutMs) && timeoutMs > 0)) {
      throw new BoatoError(
        'INVALID_OPTION',
        'The option `timeoutMs` must be a positive integer of milliseconds.',
      );
    }
    const before = this.#wireBytes();
    const deadlineMs = this.#clock.monotonicMs() + (timeoutMs ?? Number.POSITIVE_INFINITY);
    const isOver = (): boolean => this.#clock.monotonicMs() >= deadlineMs;
    const isCancelled = (): boolean => isOver() || signal?.aborted === true || this.#isClosing();
    const seen = wait ? this.#gossip.waitUntilSeen(isCancelled) : Promise.resolve(true);
    const { peers, inSync, entries } = await this.#gossip.sync(isCancelled);
    if (!(await seen)) throw this.#whyNotSeen(signal, timeoutMs);
    const after = this.#wireBytes();
    return {
      peers,
      inSync: wait ? peers : inSync,
      entriesReceived: entries,
      bytesReceived: after.received - before.received,
      bytesSent: after.sent - before.sent,
    };
  }

  #wireBytes(): { received: number; sent: number } {
    const total = { received: 0, sent: 0 };
    for (const { bytesReceived, bytesSent } of this.#gossip.peers()) {
      total.received += bytesReceived;
      total.sent += bytesSent;
    }
    return total;
  }

  #whyNotSeen(signal: AbortSignal | undefined, timeoutMs: number | undefined): BoatoError {
    if (this.#isClosing()) return new BoatoError('STORE_CLOSED', 'The node is stopping.');
    if (signal?.aborted === true) return aborted(signal);
    const missing = this.#gossip
      .peers()
      .filter(({ state }) => state !== 'connected' && state !== 'self')
      .map(({ address }) => address);
    const why =
      missing.length === 0 ? 'they still exchange' : `these cannot be reached: ${missing.join(', ')}`;
    return new BoatoError(
      'TIMEOUT',
      `Not every peer held what this node holds within ${timeoutMs ?? 0} ms: ${why}.`,
    );
  }
}
