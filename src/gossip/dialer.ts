/** Keeps one connection to one configured address: dials, and dials again after pauses that grow. */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Transport } from '../ports/transport.ts';
import { BackOff } from './back-off.ts';
import type { Channel } from './channel.ts';
import type { Greeter, Refusal } from './greeter.ts';
import type { Link } from './link.ts';
import type { PeerRecord } from './peer-record.ts';

/** A connection that ended sooner was no success: pauses go on growing, lest two nodes that disagree dial in a loop. */
const STEADY_MS = 1000;

export interface DialerDependencies {
  readonly transport: Transport;
  readonly greeter: Greeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly onLink: (record: PeerRecord, link: Link) => void;
  readonly onRefused: (record: PeerRecord, refusal: Refusal) => void;
  /** The two cannot even say hello; a sentence. */
  readonly onUnfit: (record: PeerRecord, reason: string) => void;
  readonly onClose: (
    record: PeerRecord,
    channel: Channel,
    link: Link | undefined,
    reason: string | undefined,
  ) => void;
}

export class Dialer {
  readonly record: PeerRecord;
  readonly #dependencies: DialerDependencies;
  readonly #backOff: BackOff;
  #attempt: Promise<void> | undefined;
  #isConnected = false;
  #cancelPause: () => void = () => {};
  #stopped = false;

  constructor(record: PeerRecord, dependencies: DialerDependencies) {
    this.record = record;
    this.#dependencies = dependencies;
    this.#backOff = new BackOff(dependencies.random);
  }

  /** Dials now, unless connected. Resolves when the attempt has come to an end, whichever. Never fails. */
  dial(): Promise<void> {
    if (this.#attempt !== undefined) return this.#attempt;
    if (this.#stopped || this.#isConnected || this.record.isSelf) return Promise.resolve();
    this.#cancelPause();
    this.record.isDialling = true;
    this.#attempt = this.#try().finally(() => {
      this.#attempt = undefined;
      this.record.isDialling = false;
    });
    return this.#attempt;
  }

  /** Dials no more. A connection stays until it is closed. */
  stop(): void {
    this.#stopped = true;
    this.#cancelPause();
  }

  /** Resolves when no attempt is under way. */
  async idle(): Promise<void> {
    await this.#attempt;
  }

  async #try(): Promise<void> {
    const { transport, greeter } = this.#dependencies;
    const { address } = this.record;
    let connection;
    try {
      connection = await transport.dial(address);
    } catch (error) {
      const isUnfit = error instanceof BoatoError && error.code === 'PROTOCOL';
      const reason = error instanceof Error ? error.message : String(error);
      this.record.isRejected = isUnfit;
      if (isUnfit) this.#dependencies.onUnfit(this.record, reason);
      return this.#pause(reason);
    }
    if (this.#stopped) return connection.close();
    return new Promise((resolve) => {
      greeter.greet(connection, 'outbound', address, {
        onLink: (link) => {
          this.#isConnected = true;
          this.#dependencies.onLink(this.record, link);
          resolve();
        },
        onRefused: (refusal) => this.#dependencies.onRefused(this.record, refusal),
        onClose: (channel, link, reason) => {
          this.#closed(channel, link, reason);
          resolve();
        },
      });
    });
  }

  #closed(channel: Channel, link: Link | undefined, reason: string | undefined): void {
    const { clock, onClose } = this.#dependencies;
    this.#isConnected = false;
    if (link !== undefined && clock.monotonicMs() - link.sinceMs >= STEADY_MS) this.#backOff.reset();
    onClose(this.record, channel, link, reason);
    this.#pause(reason);
  }

  #pause(reason: string | undefined): void {
    if (reason !== undefined) this.record.lastError = reason;
    if (this.#stopped || this.record.isSelf) return;
    const { clock, greeter } = this.#dependencies;
    const pauseMs = Math.max(this.#backOff.nextMs(), greeter.penaltyMs(this.record.address));
    this.#cancelPause = clock.after(pauseMs, () => {
      // Its end is told to the record; nobody waits for it here.
      void this.dial();
    });
  }
}
