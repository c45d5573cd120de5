/** Keeps one connection to one address: dials, and dials again after pauses that grow. */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Transport } from '../ports/transport.ts';
import { BackOff } from './back-off.ts';
import type { Channel } from './channel.ts';
import type { Greeter, Refusal } from './greeter.ts';
import type { Link } from './link.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Place } from './places.ts';

/** A connection that ended sooner was no success: pauses go on growing, lest two nodes that disagree dial in a loop. */
const STEADY_MS = 1000;

/** The longest pause between two attempts to reach what should be there. */
const PAUSE_MS_MAX = 30_000;

/** An address that leads to this node itself may lead to another one later: addresses are given away, names are out of date. */
const SELF_PAUSE_MS = 60_000;

export interface DialerDependencies {
  readonly transport: Transport;
  readonly greeter: Greeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly onLink: (target: DialTarget, link: Link) => void;
  readonly onRefused: (target: DialTarget, refusal: Refusal) => void;
  /** The two cannot even say hello; a sentence. */
  readonly onUnfit: (target: DialTarget, reason: string) => void;
  readonly onClose: (
    target: DialTarget,
    channel: Channel,
    link: Link | undefined,
    reason: string | undefined,
  ) => void;
}

/** What is dialled, and what is known of it. */
export interface DialTarget extends Place {
  readonly record: PeerRecord;
  /** Absent: always. Where it is not wanted nothing is dialled, until it is dialled again. */
  readonly isWanted?: () => boolean;
  readonly pauseMsMax?: () => number;
}

export class Dialer {
  readonly target: DialTarget;
  readonly #dependencies: DialerDependencies;
  readonly #backOff: BackOff;
  #attempt: Promise<void> | undefined;
  #isConnected = false;
  #cancelPause: () => void = () => {};
  #stopped = false;

  constructor(target: DialTarget, dependencies: DialerDependencies) {
    this.target = target;
    this.#dependencies = dependencies;
    this.#backOff = new BackOff(dependencies.random, PAUSE_MS_MAX);
  }

  /**
   * Dials now, unless connected; `isAsked`: whether or not it is wanted. Resolves when the attempt has come to an end,
   * whichever. Never fails.
   */
  dial(isAsked: boolean = false): Promise<void> {
    if (this.#attempt !== undefined) return this.#attempt;
    const { record, isWanted } = this.target;
    // Until its pause ends, whoever asks.
    if (record.isSelf) return Promise.resolve();
    this.#cancelPause();
    const isUnwanted = !isAsked && isWanted?.() === false;
    if (this.#stopped || this.#isConnected || isUnwanted) return Promise.resolve();
    record.isDialling = true;
    this.#attempt = this.#try().finally(() => {
      this.#attempt = undefined;
      record.isDialling = false;
    });
    return this.#attempt;
  }

  /** Dials after `delayMs`, instead of when it would have. */
  dialIn(delayMs: number): void {
    if (this.#stopped || this.#isConnected || this.#attempt !== undefined) return;
    this.#cancelPause();
    this.#cancelPause = this.#dependencies.clock.after(delayMs, () => {
      // Its end is told to the record; nobody waits for it here.
      void this.dial();
    });
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
    const { address, name, record } = this.target;
    let connection;
    try {
      connection = await transport.dial(address, name);
    } catch (error) {
      const isUnfit = error instanceof BoatoError && error.code === 'PROTOCOL';
      const reason = error instanceof Error ? error.message : String(error);
      record.isRejected = isUnfit;
      if (isUnfit) this.#dependencies.onUnfit(this.target, reason);
      return this.#pause(reason);
    }
    if (this.#stopped) return connection.close();
    return new Promise((resolve) => {
      greeter.greet(connection, 'outbound', address, {
        onLink: (link) => {
          this.#isConnected = true;
          this.#dependencies.onLink(this.target, link);
          resolve();
        },
        onRefused: (refusal) => this.#dependencies.onRefused(this.target, refusal),
        onClose: (channel, link, reason) => {
          this.#closed(channel, link, reason);
          resolve();
        },
      });
    });
  }

  #closed(channel: Channel, link: Link | undefined, reason: string | undefined): void {
    const { clock, onClose } = this.#dependencies;
    if (link !== undefined && clock.monotonicMs() - link.sinceMs >= STEADY_MS) this.#backOff.reset();
    onClose(this.target, channel, link, reason);
    // Only now: who hears there that the link is gone, and has it dialled in a moment, must not cut the pause short.
    this.#isConnected = false;
    this.#pause(reason);
  }

  #pause(reason: string | undefined): void {
    const { address, record, pauseMsMax } = this.target;
    if (reason !== undefined) record.lastError = reason;
    if (this.#stopped) return;
    const { clock, greeter } = this.#dependencies;
    const backOffMs = record.isSelf ? SELF_PAUSE_MS : this.#backOff.nextMs(pauseMsMax?.());
    this.#cancelPause = clock.after(Math.max(backOffMs, greeter.penaltyMs(address)), () => {
      if (record.isSelf) record.forgetSelf();
      void this.dial();
    });
  }
}
