/**
 * Aggregates over all nodes, by gossip: whoever asks begins an epoch, which spreads with its exchanges, ends at the same time
 * everywhere, and is forgotten (Jelasity et al. 2005, section 4). Nothing travels while nobody asks. What joins, crashes
 * and losses have spoilt is spoilt for one epoch only.
 */

import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { type Aggregate, estimate, firstShare } from './aggregate.ts';
import { Averaging } from './averaging.ts';
import type { AggregateReply, AggregateRequest } from './aggregate-messages.ts';
import type { Link } from './link.ts';
import { AGGREGATES_SINCE } from './protocol-version.ts';

/** Between two exchanges that a node opens, on average: in step, two that ask each other at one moment would only swap. */
const CYCLE_MS = 40;

/**
 * Of an epoch: log2 N until all take part, and then a factor of 1/(2 sqrt e) a cycle in the variance (Jelasity et al. 2005,
 * theorem 1); more slowly where nodes have few links. With 64 nodes of some eight links each, 40 cycles came to five digits.
 */
const CYCLES = 60;

/** Part of the protocol: an epoch that is as old is over. */
const EPOCH_MS = CYCLES * CYCLE_MS;

/** Epochs in which a node takes part at once: what peers can make it hold, and say. */
const EPOCHS_MAX = 32;

/** What a node contributes under a name; `undefined`, or what is no finite number, for nothing. */
export type Contribution = () => number | undefined | Promise<number | undefined>;

/** Beyond them sums over many nodes would lose digits that anyone cares for. */
const VALUE_MAX = Number.MAX_SAFE_INTEGER;

export interface AggregationDependencies {
  readonly nodeId: NodeId;
  readonly links: () => readonly Link[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type EpochName = Pick<AggregateRequest, 'name' | 'asker' | 'epoch'>;

interface Epoch extends EpochName {
  readonly beganAtMs: number;
  /** Once what this node contributes is known. */
  averaging: Averaging | undefined;
  /** `undefined` if the epoch ended before. */
  readonly ready: Promise<Averaging | undefined>;
  readonly ended: () => void;
}

interface Entry {
  /** Since the epoch began. */
  readonly ageMs: number;
  /** This node began it, and holds all weight. */
  readonly hasAsked?: boolean;
  /** Called once, at its end. */
  readonly ended?: () => void;
}

type NewAggregateReply = Omit<AggregateReply, 'request'>;

export class Aggregation {
  readonly #dependencies: AggregationDependencies;
  readonly #contributionByName = new Map<string, Contribution>();
  readonly #epochByName = new Map<string, Epoch>();
  /** Own questions that are being answered, by what they are about. */
  readonly #askedByName = new Map<string, Promise<Aggregate>>();
  #cancelCycle: (() => void) | undefined;
  #stopped = false;

  constructor(dependencies: AggregationDependencies) {
    this.#dependencies = dependencies;
  }

  /** From now on; the function returned takes it back. */
  contribute(name: string, contribution: Contribution): () => void {
    this.#contributionByName.set(name, contribution);
    return () => {
      if (this.#contributionByName.get(name) === contribution) this.#contributionByName.delete(name);
    };
  }

  /** Over all nodes that can be reached now, within an epoch's time. Fails with `STORE_CLOSED` and `TIMEOUT`. */
  ask(name: string): Promise<Aggregate> {
    const asked = this.#askedByName.get(name);
    if (asked !== undefined) return asked;
    const asking = this.#ask(name).finally(() => this.#askedByName.delete(name));
    this.#askedByName.set(name, asking);
    return asking;
  }

  /** A peer offers an exchange. Never fails. */
  async serve({ nodeId: peer }: Link, request: AggregateRequest): Promise<NewAggregateReply> {
    const epoch = this.#epochByName.get(nameOf(request)) ?? this.#enter(request, { ageMs: request.ageMs });
    const averaging = await epoch?.ready;
    const isTaken =
      averaging !== undefined && !this.#stopped && this.#epochByName.get(nameOf(request)) === epoch;
    return { type: 'aggregate-reply', share: isTaken ? averaging.serve(peer, request) : undefined };
  }

  /** For good; what is asked fails. */
  stop(): void {
    this.#stopped = true;
    this.#cancelCycle?.();
    for (const epoch of this.#epochByName.values()) this.#end(epoch);
  }

  async #ask(name: string): Promise<Aggregate> {
    const { nodeId: asker, random } = this.#dependencies;
    const epochName = { name, asker, epoch: random.uint32() };
    const epoch = await new Promise<Epoch | undefined>((resolve) => {
      const ended = (): void => resolve(entered);
      const entered = this.#enter(epochName, { ageMs: 0, hasAsked: true, ended });
      if (entered === undefined) resolve(undefined);
    });
    if (this.#stopped) throw new BoatoError('STORE_CLOSED', 'The node is closed.');
    if (epoch === undefined) {
      const message = `${EPOCHS_MAX} aggregates are being computed here already: ask again when they are done.`;
      throw new BoatoError('TIMEOUT', message);
    }
    const aggregate = epoch.averaging && estimate(epoch.averaging.share);
    if (aggregate !== undefined) return aggregate;
    const message = `The aggregate ${JSON.stringify(name)} came to nothing: too much was lost on the way, or what this node contributes took too long.`;
    throw new BoatoError('TIMEOUT', message);
  }

  /** Takes part from now on, if there is room and time left. */
  #enter(epochName: EpochName, { ageMs, hasAsked = false, ended = () => {} }: Entry): Epoch | undefined {
    const { clock } = this.#dependencies;
    if (this.#stopped || ageMs >= EPOCH_MS || this.#epochByName.size >= EPOCHS_MAX) return undefined;
    const { name, asker, epoch } = epochName;
    // Peers that offer an exchange wait for it, but no longer than the epoch lasts: a contribution may never come.
    let giveUp = (): void => {};
    const ready = new Promise<Averaging | undefined>((resolve) => {
      giveUp = () => resolve(undefined);
      void this.#valueOf(name).then((value) => resolve(new Averaging(firstShare(value, hasAsked))));
    });
    const entered: Epoch = {
      name,
      asker,
      epoch,
      beganAtMs: clock.monotonicMs() - ageMs,
      averaging: undefined,
      ready,
      ended: () => {
        giveUp();
        ended();
      },
    };
    void ready.then((averaging) => (entered.averaging = averaging));
    this.#epochByName.set(nameOf(entered), entered);
    this.#cycleSoon();
    return entered;
  }

  /** Never fails. */
  async #valueOf(name: string): Promise<number | undefined> {
    try {
      const value = await this.#contributionByName.get(name)?.();
      return typeof value === 'number' && Math.abs(value) <= VALUE_MAX ? value : undefined;
    } catch (error) {
      this.#dependencies.log.warn(
        { name, error: String(error) },
        'What this node contributes to an aggregate failed.',
      );
      return undefined;
    }
  }

  #cycleSoon(): void {
    if (this.#stopped || this.#epochByName.size === 0) return;
    const { clock, random } = this.#dependencies;
    this.#cancelCycle ??= clock.after(CYCLE_MS * (0.5 + random.fraction()), () => {
      this.#cancelCycle = undefined;
      for (const epoch of this.#epochByName.values()) this.#cycle(epoch);
      this.#cycleSoon();
    });
  }

  #cycle(epoch: Epoch): void {
    const { links, clock, random } = this.#dependencies;
    if (clock.monotonicMs() - epoch.beganAtMs >= EPOCH_MS) return this.#end(epoch);
    const { averaging } = epoch;
    if (averaging === undefined) return;
    const able = links().filter(({ protocolVersion }) => protocolVersion >= AGGREGATES_SINCE);
    const peers = averaging.candidates(able.map(({ nodeId }) => nodeId));
    const peer = peers[Math.floor(random.fraction() * peers.length)];
    const link = able.find(({ nodeId }) => nodeId === peer);
    if (link !== undefined) void this.#exchange(link, epoch, averaging);
  }

  /** Never fails. */
  async #exchange({ nodeId: peer, channel }: Link, epoch: Epoch, averaging: Averaging): Promise<void> {
    const { clock, log } = this.#dependencies;
    const { name, asker, epoch: number, beganAtMs } = epoch;
    const offer = averaging.ask(peer);
    try {
      const ageMs = Math.floor(clock.monotonicMs() - beganAtMs);
      const reply = await channel.request({ type: 'aggregate', name, asker, epoch: number, ageMs, ...offer });
      averaging.settle(peer, reply.type === 'aggregate-reply' ? reply.share : undefined);
    } catch (error) {
      averaging.lost(peer);
      log.debug({ peer, error: String(error) }, 'A peer did not answer about an aggregate.');
    }
  }

  #end(epoch: Epoch): void {
    this.#epochByName.delete(nameOf(epoch));
    epoch.ended();
  }
}

function nameOf({ name, asker, epoch }: EpochName): string {
  return `${name} ${asker} ${epoch}`;
}
