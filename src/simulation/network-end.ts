/** One end of a simulated connection. */

import { FRAME_BYTES_MAX, FRAME_HEADER_BYTES } from '../core/limits.ts';
import { BoatoError } from '../core/errors.ts';
import type { Connection, ConnectionEvents } from '../ports/transport.ts';
import type { ProcessLife } from './process-life.ts';

/** How a message fares: when it arrives, none to several times, and whether it may overtake those before it. */
export interface Passage {
  /** Until it has left its sender, one way or another. */
  readonly delayMs: number;
  readonly arrivals: readonly number[];
  readonly overtakes: boolean;
}

export interface Courier {
  carry(from: End, to: End, bytes: number): Passage;
  /** The receiver has been given a message. */
  delivered(from: End, to: End, message: Uint8Array): void;
  forget(end: End): void;
}

/** The connection ended while a message was on its way. */
const BROKEN = 'the connection broke';
const CLOSED = 'the other side closed it';

export class End implements Connection {
  readonly machine: string;
  readonly life: ProcessLife;
  readonly remote: string;
  bytesReceived = 0;
  bytesSent = 0;
  readonly #courier: Courier;
  #other: End | undefined;
  #events: ConnectionEvents | undefined;
  #waiting: Uint8Array[] = [];
  #end: { readonly reason: string | undefined } | undefined;
  /** Nothing arrives here any more, though its process may not know yet. */
  #isBroken = false;
  /** Messages that keep their order, so far: sent from here, and arrived here. */
  #numbered = 0;
  #arrived = 0;
  /** Arrived before those ahead of them, by number. */
  readonly #early = new Map<number, () => void>();

  constructor(courier: Courier, machine: string, life: ProcessLife, remote: string) {
    this.#courier = courier;
    this.machine = machine;
    this.life = life;
    this.remote = remote;
  }

  join(other: End): void {
    this.#other = other;
  }

  get other(): End {
    return this.#other as End;
  }

  async send(message: Uint8Array): Promise<void> {
    if (message.length > FRAME_BYTES_MAX)
      throw new BoatoError('FRAME_TOO_LARGE', `A message of ${message.length} bytes cannot be sent.`);
    if (this.#end !== undefined || this.#isBroken) return;
    this.bytesSent += message.length + FRAME_HEADER_BYTES;
    const copy = message.slice();
    const { other } = this;
    const { delayMs, arrivals, overtakes } = this.#courier.carry(this, other, message.length);
    const [first, ...again] = arrivals;
    if (first !== undefined) {
      const arrive = (): void => other.#arrive(copy);
      const number = overtakes ? undefined : this.#numbered++;
      other.life.after(first, number === undefined ? arrive : () => other.#inOrder(number, arrive));
      for (const atMs of again) other.life.after(atMs, arrive);
    }
    await new Promise<void>((resolve) => void this.life.after(delayMs, resolve));
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    for (const message of this.#waiting.splice(0)) this.#deliver(message);
    if (this.#end !== undefined) events.onClose(this.#end.reason);
  }

  close(): void {
    if (this.#end !== undefined) return;
    this.#tellOther(CLOSED);
    this.#finish(undefined);
  }

  /** Both ends are told, as soon as they can be. */
  break(): void {
    for (const end of [this, this.other]) {
      end.#isBroken = true;
      end.life.after(0, () => end.#finish(BROKEN));
    }
  }

  /** Its process is gone. `silent`: the machine, too, so that the other end never hears of it. */
  abandon(silent: boolean): void {
    if (!silent && this.#end === undefined) this.#tellOther(BROKEN);
    this.#end ??= { reason: BROKEN };
    this.#courier.forget(this);
  }

  /** After what was sent before. A network that does not carry it leaves the other end open. */
  #tellOther(reason: string): void {
    const { other } = this;
    const { arrivals } = this.#courier.carry(this, other, 0);
    const [delayMs] = arrivals;
    if (delayMs === undefined) return;
    const number = this.#numbered++;
    other.life.after(delayMs, () => other.#inOrder(number, () => other.#finish(reason)));
  }

  #inOrder(number: number, arrive: () => void): void {
    this.#early.set(number, arrive);
    for (
      let next = this.#early.get(this.#arrived);
      next !== undefined;
      next = this.#early.get(this.#arrived)
    ) {
      this.#early.delete(this.#arrived++);
      next();
    }
  }

  #arrive(message: Uint8Array): void {
    if (this.#end !== undefined || this.#isBroken) return;
    this.bytesReceived += message.length + FRAME_HEADER_BYTES;
    if (this.#events === undefined) this.#waiting.push(message);
    else this.#deliver(message);
  }

  #deliver(message: Uint8Array): void {
    this.#courier.delivered(this.other, this, message);
    try {
      this.#events?.onMessage(message);
    } catch {
      this.break();
    }
  }

  #finish(reason: string | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#courier.forget(this);
    this.#events?.onClose(reason);
  }
}
