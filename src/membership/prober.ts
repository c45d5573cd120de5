/**
 * The probe cycle (SWIM, sections 3 and 4.1): in each period one member, in shuffled turn, is pinged; if it does not answer
 * in time, a few others are asked to ping it; if nobody has heard of it by the end of the period, it is suspect.
 *
 * 1. A member without a link cannot be pinged from here: its helpers are asked at once. One that nobody here has heard yet
 *    gets time to be linked first.
 * 2. A member that has raised its incarnation since it was pinged, as one that was restarted, has lived since: it is no suspect.
 * 3. Of a failed probe the prober blames itself, as far as helpers that are well do not speak for it (Lifeguard, LHA-Probe).
 */

import type { NodeId } from '../core/actor.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { ListeningTime } from './listening-time.ts';
import type { LocalHealth } from './local-health.ts';
import type { MemberNetwork } from './member-network.ts';
import type { KnownMember, MemberTable } from './member-table.ts';
import { isLive, type Update } from './member.ts';
import { ProbeOrder, someOf } from './shuffled.ts';
import type { Sequences } from './sequences.ts';

/** SWIM's k. */
const HELPERS = 3;

/** A member that is new here is left alone for so many intervals if there is no link to it yet. */
const LINKING_INTERVALS = 10;

interface Probe {
  readonly sequence: number;
  readonly target: NodeId;
  /** Of the target, as it was known then. */
  readonly incarnation: number;
  readonly sentAtMs: number;
  /** Those whose nack has not come. */
  readonly silentHelpers: Set<NodeId>;
  readonly helpers: Set<NodeId>;
  /** By the target, or through a helper. */
  isAnswered: boolean;
}

export interface ProberDependencies {
  readonly clock: Clock;
  readonly time: ListeningTime;
  readonly random: Random;
  readonly network: MemberNetwork;
  readonly table: MemberTable;
  readonly health: LocalHealth;
  readonly sequences: Sequences;
  /** Whether this node is one of those that probe it. */
  readonly isWatched: (member: NodeId) => boolean;
  /** What a message to this member carries. */
  readonly updatesFor: (member: NodeId) => readonly Update[];
  /** Nobody has heard of it. */
  readonly onFailed: (member: NodeId) => void;
  readonly probeIntervalMs: number;
}

export class Prober {
  readonly #dependencies: ProberDependencies;
  readonly #order: ProbeOrder;
  #probe: Probe | undefined;
  #cancelTimeout: () => void = () => {};
  #cancelPeriod: () => void = () => {};

  constructor(dependencies: ProberDependencies) {
    this.#dependencies = dependencies;
    this.#order = new ProbeOrder(dependencies.random, () => this.#live());
  }

  /** At a random moment of the first period: nodes that start together do not probe together. */
  start(): void {
    const { time, random, probeIntervalMs } = this.#dependencies;
    this.#cancelPeriod = time.after(random.fraction() * probeIntervalMs, () => this.#period());
  }

  stop(): void {
    this.#probe = undefined;
    this.#cancelTimeout();
    this.#cancelPeriod();
  }

  add(member: NodeId): void {
    this.#order.add(member);
  }

  /** Whether it answers a probe of this node. `from`: the target, or a helper. */
  ack(from: NodeId, sequence: number): boolean {
    const probe = this.#probe;
    if (probe?.sequence !== sequence) return false;
    if (from !== probe.target && !probe.helpers.has(from)) return false;
    if (!probe.isAnswered && from === probe.target) this.#measure(probe);
    probe.isAnswered = true;
    this.#cancelTimeout();
    return true;
  }

  nack(from: NodeId, sequence: number): void {
    if (this.#probe?.sequence === sequence) this.#probe.silentHelpers.delete(from);
  }

  #period(): void {
    const { time, health, probeIntervalMs } = this.#dependencies;
    this.#end();
    const periodMs = health.scale(probeIntervalMs);
    this.#cancelPeriod = time.after(periodMs, () => this.#period());
    this.#begin(periodMs);
  }

  #end(): void {
    const probe = this.#probe;
    if (probe === undefined) return;
    this.#probe = undefined;
    this.#cancelTimeout();
    const { health, table, onFailed } = this.#dependencies;
    if (probe.isAnswered) return health.change(-1);
    health.change(probe.helpers.size === 0 ? 1 : probe.silentHelpers.size);
    if (table.get(probe.target)?.record.incarnation === probe.incarnation) onFailed(probe.target);
  }

  #begin(periodMs: number): void {
    const { clock, time, health, network, table, sequences, isWatched, updatesFor, probeIntervalMs } =
      this.#dependencies;
    const target = this.#order.next((member) => isProbed(table.get(member)) && isWatched(member));
    const member = target === undefined ? undefined : table.get(target);
    if (target === undefined || member === undefined) return;
    const sentAtMs = clock.monotonicMs();
    const sequence = sequences.next();
    const probe = {
      sequence,
      target,
      incarnation: member.record.incarnation,
      sentAtMs,
      silentHelpers: new Set<NodeId>(),
      helpers: new Set<NodeId>(),
      isAnswered: false,
    };
    const isLinked = network.isLinked(target);
    const isNew = sentAtMs - member.knownSinceMs < LINKING_INTERVALS * probeIntervalMs;
    if (!isLinked && member.heardAtMs === undefined && isNew) return;
    this.#probe = probe;
    if (isLinked) network.send(target, { type: 'ping', sequence, updates: updatesFor(target) });
    const timeoutMs = isLinked ? health.scale(member.roundTrip.timeoutMs(probeIntervalMs)) : 0;
    this.#cancelTimeout = time.after(timeoutMs, () => this.#askHelpers(probe, periodMs - timeoutMs));
  }

  #askHelpers(probe: Probe, leftMs: number): void {
    const { random, network, updatesFor } = this.#dependencies;
    const timeoutMs = Math.floor(leftMs);
    const { sequence, target } = probe;
    for (const helper of someOf(this.#helpersFor(target), HELPERS, random)) {
      const updates = updatesFor(helper);
      network.send(helper, { type: 'ping-request', sequence, target, timeoutMs, updates });
      probe.helpers.add(helper);
      probe.silentHelpers.add(helper);
    }
  }

  #measure({ target, sentAtMs }: Probe): void {
    const { clock, table } = this.#dependencies;
    table.get(target)?.roundTrip.measured(clock.monotonicMs() - sentAtMs);
  }

  #live(): NodeId[] {
    const live: NodeId[] = [];
    for (const { record } of this.#dependencies.table.all()) if (isLive(record)) live.push(record.nodeId);
    return live;
  }

  #helpersFor(target: NodeId): NodeId[] {
    const { table, network } = this.#dependencies;
    const helpers: NodeId[] = [];
    for (const { record } of table.all()) {
      const { nodeId, status } = record;
      if (status === 'up' && nodeId !== target && network.isLinked(nodeId)) helpers.push(nodeId);
    }
    return helpers;
  }
}

function isProbed(member: KnownMember | undefined): boolean {
  return member !== undefined && isLive(member.record);
}
