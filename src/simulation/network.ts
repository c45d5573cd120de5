/**
 * A network of simulated machines. Connections are as the transport's contract has them, whole messages in order, where
 * its conditions leave them so: it may also lose, repeat and reorder messages on a connection that stands, which TCP
 * would not, since nothing above may come to harm by it.
 */

import { formatAddress, parseAddress } from '../adapters/address.ts';
import { FRAME_HEADER_BYTES } from '../core/limits.ts';
import { BoatoError } from '../core/errors.ts';
import type { Random } from '../ports/random.ts';
import type { Connection, Listener, Transport } from '../ports/transport.ts';
import type { EventLog } from './event-log.ts';
import { type Courier, End } from './network-end.ts';
import type { ProcessLife } from './process-life.ts';
import { exponential, isChosen } from './streams.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How messages fare while nothing in particular is wrong. */
export interface Conditions {
  /** 0 to 1, of each message. */
  readonly loss: number;
  readonly duplication: number;
  /** A message may overtake the ones before it. */
  readonly reordering: number;
  /** One way: at least, and on average beyond that. */
  readonly delayMinMs: number;
  readonly delayMeanMs: number;
  /** 0 to 1, of each message: it takes several times as long, now and then many times. */
  readonly tail: number;
}

export const CALM: Conditions = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  delayMinMs: 0.1,
  delayMeanMs: 0.4,
  tail: 0,
};

/** At most so many times as long: Pareto's distribution with exponent 1, cut off. */
const TAIL_TIMES_MAX = 50;

/** As TCP's own: a dial into the dark is given up. */
const DIAL_TIMEOUT_MS = 5000;

/** A connection that has lost something stands for so long, on average. */
const BREAK_MEAN_MS = 5000;

export interface Traffic {
  sent: number;
  sentBytes: number;
  lost: number;
  repeated: number;
  reordered: number;
  cutOff: number;
}

type OnDelivered = (from: string, to: string, message: Uint8Array) => void;

interface Endpoint {
  readonly machine: string;
  readonly life: ProcessLife;
  readonly accept: (connection: Connection) => void;
}

export class SimulatedNetwork {
  conditions: Conditions = CALM;
  readonly traffic: Traffic = { sent: 0, sentBytes: 0, lost: 0, repeated: 0, reordered: 0, cutOff: 0 };
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #log: EventLog;
  readonly #endpointByAddress = new Map<string, Endpoint>();
  readonly #hostByName = new Map<string, string>();
  readonly #ends = new Set<End>();
  /** `from to`: nothing gets through. */
  readonly #cuts = new Set<string>();
  /** `from to`: nothing gets through before that time. */
  readonly #clogs = new Map<string, number>();
  readonly #lookers = new Set<OnDelivered>();
  /** Ends that have sent their first message. */
  readonly #greeted = new WeakSet<End>();
  /** Ends that sent what never arrived, though their connections stand. */
  readonly #lossy = new Set<End>();
  #nextPort = 40_000;

  constructor(time: VirtualTime, random: Random, log: EventLog) {
    this.#time = time;
    this.#random = random;
    this.#log = log;
  }

  /** The network as a process sees it on `machine`, which dials from `host`. */
  transport(machine: string, host: string, life: ProcessLife): Transport {
    const addresses = new Set<string>();
    return {
      listen: async (address, onConnection): Promise<Listener> => {
        await Promise.resolve();
        const asked = parseAddress(address);
        const bound = formatAddress(asked.host, asked.port === 0 ? this.#nextPort++ : asked.port);
        const other = this.#endpointByAddress.get(bound);
        if (other !== undefined && !other.life.isOver)
          throw new BoatoError('LISTEN_FAILED', `The address ${bound} cannot be listened on: it is in use.`);
        const endpoint = { machine, life, accept: onConnection };
        this.#endpointByAddress.set(bound, endpoint);
        addresses.add(bound);
        const close = (): Promise<void> => {
          if (this.#endpointByAddress.get(bound) === endpoint) this.#endpointByAddress.delete(bound);
          return Promise.resolve();
        };
        return { address: bound, close };
      },
      dial: (address) => this.#dial(machine, host, life, address),
      close: () => {
        for (const address of addresses) this.#endpointByAddress.delete(address);
        for (const end of this.#ends) if (end.life === life) end.close();
        return Promise.resolve();
      },
    };
  }

  /** Who dials `name` from now on, dials `host`. */
  name(name: string, host: string): void {
    this.#hostByName.set(name, host);
  }

  /** Nothing gets from one machine to another, and neither is told. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`);
  }

  heal(from: string, to: string): void {
    this.#cuts.delete(`${from} ${to}`);
  }

  /** Connections that have lost something break: TCP would have delivered it by now, or given up. */
  healAll(): void {
    this.#cuts.clear();
    this.#clogs.clear();
    for (const end of this.#lossy) end.break();
    this.#lossy.clear();
  }

  /** What is sent from one machine to another arrives at `untilMs` (virtual time) at the soonest. */
  clog(from: string, to: string, untilMs: number): void {
    this.#clogs.set(`${from} ${to}`, untilMs);
  }

  /** A process is gone. `silent`: its machine, too, so that nobody is told. */
  end(life: ProcessLife, silent: boolean): void {
    for (const [address, endpoint] of this.#endpointByAddress)
      if (endpoint.life === life) this.#endpointByAddress.delete(address);
    for (const end of this.#ends) if (end.life === life) end.abandon(silent);
  }

  /** Breaks every connection between two machines; both are told. How many there were. */
  breakBetween(a: string, b: string): number {
    const ends = [...this.#ends].filter((end) => end.machine === a && end.other.machine === b);
    for (const end of ends) end.break();
    return ends.length;
  }

  /** `look` is called with each message that a machine is given; the function returned ends that. */
  onDelivered(look: OnDelivered): () => void {
    this.#lookers.add(look);
    return () => void this.#lookers.delete(look);
  }

  async #dial(machine: string, host: string, life: ProcessLife, address: string): Promise<Connection> {
    const asked = parseAddress(address);
    const found = formatAddress(this.#hostByName.get(asked.host) ?? asked.host, asked.port);
    const endpoint = this.#endpointByAddress.get(found);
    const to = endpoint?.machine ?? 'nowhere';
    if (
      endpoint === undefined ||
      endpoint.life.isOver ||
      this.#isCut(machine, to) ||
      this.#isCut(to, machine)
    ) {
      // Refused at once by a machine that is there, or given up after some time.
      await this.#pause(life, endpoint === undefined ? this.#delay() : DIAL_TIMEOUT_MS);
      throw new BoatoError('PEER_UNREACHABLE', `The peer at ${address} cannot be reached.`);
    }
    await this.#pause(life, this.#delay() + this.#delay());
    if (endpoint.life.isOver)
      throw new BoatoError('PEER_UNREACHABLE', `The peer at ${address} cannot be reached.`);
    const back = formatAddress(host, this.#nextPort++);
    const dialler = new End(this.#courier, machine, life, address);
    const accepter = new End(this.#courier, endpoint.machine, endpoint.life, back);
    dialler.join(accepter);
    accepter.join(dialler);
    this.#ends.add(dialler);
    this.#ends.add(accepter);
    endpoint.life.after(this.#delay(), () => endpoint.accept(accepter));
    return dialler;
  }

  readonly #courier: Courier = {
    carry: (from, to, bytes) => this.#carry(from, to, bytes),
    delivered: (from, to, message) => {
      for (const look of this.#lookers) look(from.machine, to.machine, message);
    },
    forget: (end) => {
      this.#ends.delete(end);
      this.#lossy.delete(end);
    },
  };

  #carry(from: End, to: End, bytes: number): ReturnType<Courier['carry']> {
    const { traffic } = this;
    const { loss, duplication, reordering } = this.conditions;
    const name = `${from.machine} ${to.machine}`;
    traffic.sent++;
    traffic.sentBytes += bytes + FRAME_HEADER_BYTES;
    const clogMs = Math.max(0, (this.#clogs.get(name) ?? 0) - this.#time.nowMs);
    const delayMs = clogMs + this.#delay();
    // Else next to no connection would come about: a second hello breaks the protocol.
    const isHello = !this.#greeted.has(from);
    this.#greeted.add(from);
    const overtakes = isChosen(this.#random, reordering) && !isHello;
    const isRepeated = isChosen(this.#random, duplication) && !isHello;
    const isLost = isChosen(this.#random, loss);
    const isCut = this.#cuts.has(name);
    if (isCut || isLost) this.#breakLater(from);
    if (isCut) traffic.cutOff++;
    else if (isLost) traffic.lost++;
    else {
      if (overtakes) traffic.reordered++;
      if (isRepeated) traffic.repeated++;
    }
    const fate = isCut ? ' cut off' : isLost ? ' lost' : '';
    this.#log.note(from.machine, `> ${to.machine} ${bytes} B${fate}`);
    if (isCut || isLost) return { delayMs, arrivals: [], overtakes };
    return { delayMs, arrivals: isRepeated ? [delayMs, delayMs + this.#delay()] : [delayMs], overtakes };
  }

  /**
   * Who waits for an answer that was lost waits for minutes, while others arrive: TCP would not lose it, and sooner or
   * later gives up. Nobody is told while nothing gets through.
   */
  #breakLater(end: End): void {
    if (this.#lossy.has(end)) return;
    this.#lossy.add(end);
    const tryBreak = (): void => {
      if (!this.#lossy.has(end)) return;
      const { machine, other } = end;
      if (this.#isCut(machine, other.machine) || this.#isCut(other.machine, machine))
        return void this.#time.after(exponential(this.#random, BREAK_MEAN_MS), tryBreak);
      this.#lossy.delete(end);
      end.break();
    };
    this.#time.after(exponential(this.#random, BREAK_MEAN_MS), tryBreak);
  }

  #isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from} ${to}`);
  }

  #delay(): number {
    const { delayMinMs, delayMeanMs, tail } = this.conditions;
    const delayMs = delayMinMs + exponential(this.#random, delayMeanMs);
    if (tail === 0 || !isChosen(this.#random, tail)) return delayMs;
    return delayMs * Math.min(TAIL_TIMES_MAX, 1 / (1 - this.#random.fraction()));
  }

  #pause(life: ProcessLife, ms: number): Promise<void> {
    return new Promise((resolve) => void life.after(ms, resolve));
  }
}
