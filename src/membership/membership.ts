/**
 * Who belongs to the cluster, and who of them lives (Das et al. 2002, "SWIM"; Dadgar et al. 2018, "Lifeguard"): dispatches
 * messages and timers, and keeps what each change of a record leads to in one place.
 *
 * 1. A record changes only by `supersedes`: all nodes come to the same, whatever the order in which they hear.
 * 2. Each change is told on, and is one event at most.
 * 3. Nobody but the node itself raises its incarnation: it does when it hears of itself what is not so.
 */

import type { NodeId } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { Departure } from './departure.ts';
import { Dissemination } from './dissemination.ts';
import { ListeningTime } from './listening-time.ts';
import { LOCAL_HEALTH_MAX, LocalHealth } from './local-health.ts';
import type { MemberMessage } from './member-messages.ts';
import type { MemberNetwork } from './member-network.ts';
import { type Change, MemberTable } from './member-table.ts';
import { OwnRecord } from './own-record.ts';
import { byName, eventOf, type Member, type MemberEvent, viewOf } from './member-view.ts';
import { isLive, type MemberFacts, type Update } from './member.ts';
import { type MembershipOptions, PROBE_INTERVAL_MAX_MS } from './options.ts';
import { Prober } from './prober.ts';
import { Relays } from './relays.ts';
import { Sequences } from './sequences.ts';
import { someOf } from './shuffled.ts';
import { StateExchange } from './state-exchange.ts';
import { suspicionSpan } from './suspicion.ts';
import { Suspicions } from './suspicions.ts';
import { ToldMembers } from './told-members.ts';

/** A timer later than this part of the probe interval means that the event loop lags. */
const LAG_TOLERANCE = 1 / 10;

/** Probe intervals between two exchanges of all that is known, in a cluster of up to 32 members. */
const EXCHANGE_INTERVALS = 30;

export interface MembershipDependencies {
  readonly nodeId: NodeId;
  readonly facts: MemberFacts;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: MemberNetwork;
  /** Whether this node is one of those that probe it; all are probed if absent. */
  readonly isWatched?: ((member: NodeId) => boolean) | undefined;
  /** Whether a member stays known, however many are heard of; all do if absent, and nobody is heard of beyond `membersMax`. */
  readonly isKept?: ((member: NodeId) => boolean) | undefined;
  /** Once for each change of another member. Must not throw. */
  readonly onEvent: (event: MemberEvent) => void;
  /** What `told.records` gives is another. Must not throw. */
  readonly onRecords: () => void;
}

export class Membership {
  readonly told: ToldMembers;
  readonly #dependencies: MembershipDependencies;
  readonly #options: MembershipOptions;
  readonly #time: ListeningTime;
  readonly #health: LocalHealth;
  readonly #table: MemberTable;
  readonly #suspicions: Suspicions;
  readonly #dissemination: Dissemination;
  readonly #prober: Prober;
  readonly #sequences: Sequences;
  readonly #relays: Relays;
  readonly #exchange: StateExchange;
  readonly #departure: Departure;
  readonly #self: OwnRecord;

  constructor(dependencies: MembershipDependencies, options: MembershipOptions) {
    const { nodeId, facts, clock, random, network } = dependencies;
    const { probeIntervalMs, lifeguard } = options;
    assert(probeIntervalMs <= PROBE_INTERVAL_MAX_MS, 'helpers can wait for as long as is asked of them');
    const health = new LocalHealth(lifeguard.probe ? LOCAL_HEALTH_MAX : 0);
    const time = new ListeningTime(clock, {
      toleranceMs: LAG_TOLERANCE * probeIntervalMs,
      onLag: (lagMs) => health.change(1 + Math.floor(lagMs / probeIntervalMs)),
    });
    const sequences = new Sequences();
    this.#sequences = sequences;
    const table = new MemberTable({ random, isKept: dependencies.isKept ?? (() => true) }, options);
    const updatesFor = (member: NodeId): readonly Update[] => this.#updatesFor(member);
    this.#dependencies = dependencies;
    this.#options = options;
    this.#time = time;
    this.#health = health;
    this.#table = table;
    this.#self = new OwnRecord({
      nodeId,
      facts,
      clock,
      onChanged: () => {
        this.#dissemination.add(nodeId);
        dependencies.onRecords();
      },
    });
    this.#suspicions = new Suspicions(time, (member) => this.#accuse(member, 'down'));
    this.told = new ToldMembers({ self: this.#self, table, suspicions: this.#suspicions, clock });
    this.#dissemination = new Dissemination((member) => this.told.of(member));
    this.#prober = new Prober({
      clock,
      time,
      random,
      network,
      table,
      health,
      sequences,
      isWatched: dependencies.isWatched ?? (() => true),
      updatesFor,
      onFailed: (member) => this.#accuse(member, 'suspect'),
      probeIntervalMs,
    });
    this.#relays = new Relays({ time, network, sequences, updatesFor });
    this.#exchange = new StateExchange({
      network,
      sequences,
      records: () => this.told.records(),
      hear: (from, records) => this.learn(from, records),
    });
    this.#departure = new Departure({ time, network, sequences });
  }

  /** Probes from now on. */
  start(): void {
    this.#prober.start();
    this.#exchangeAfter(this.#dependencies.random.fraction());
  }

  /** For good. */
  stop(): void {
    this.#prober.stop();
    this.#time.stop();
  }

  /** How ill this node finds itself, from 0 to 8 (Lifeguard's local health multiplier). */
  get localHealth(): number {
    return this.#health.score;
  }

  /** There are more members than this node may know. */
  get isFull(): boolean {
    return this.#table.isFull;
  }

  /** This node first, then the others by name. */
  members(): readonly Member[] {
    const others = [...this.#table.all()].flatMap(({ record }) => this.member(record.nodeId) ?? []);
    return [this.#self.view, ...others.toSorted(byName)];
  }

  member(nodeId: NodeId): Member | undefined {
    if (nodeId === this.#self.nodeId) return this.#self.view;
    const known = this.#table.get(nodeId);
    if (known === undefined || known.record.status === 'forgotten') return undefined;
    return viewOf(known, this.#dependencies.clock.monotonicMs());
  }

  /** What an earlier run knew; before `start`. Who lived then is given time to be linked, and no event tells of it. */
  restore(records: readonly Update[]): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const record of records) {
      if (record.nodeId === this.#self.nodeId) {
        this.#self.surpass(record.incarnation);
        continue;
      }
      const status = isLive(record) ? 'up' : record.status;
      const change = this.#table.merge({ ...record, status }, nowMs);
      if (change !== undefined && isLive(change.member.record)) this.#prober.add(record.nodeId);
    }
  }

  /** From now on this node says so of itself. */
  announce(facts: Partial<MemberFacts>): void {
    this.#self.announce(facts);
  }

  /** Tells every member that it leaves, and probes no more; resolves when they know, or after `timeoutMs`. */
  leave(timeoutMs: number): Promise<void> {
    this.#self.leave();
    this.#prober.stop();
    const live = [...this.#table.all()].filter(({ record }) => isLive(record));
    return this.#departure.tell(
      live.map(({ record }) => record.nodeId),
      this.#self.update,
      timeoutMs,
    );
  }

  /**
   * Takes a member out everywhere; `false` if it is not known. One that lives comes back by itself. The incarnation is that
   * of now, so that nobody has a later one which the node itself made before.
   */
  forget(nodeId: NodeId): boolean {
    const record = this.#table.get(nodeId)?.record;
    if (record === undefined || record.status === 'forgotten') return false;
    const nowMs = Math.floor(this.#dependencies.clock.wallMs());
    const incarnation = Math.max(record.incarnation, nowMs);
    this.#hear(this.#self.nodeId, { ...record, incarnation, status: 'forgotten', ageMs: 0 });
    return true;
  }

  /** There is a link to `member` that was not there before. Of two, one begins. */
  linkOpened(member: NodeId): void {
    if (this.#self.nodeId < member) this.#offer(member);
    // Where no tables are exchanged whoever counts as down is told so with this, and objects.
    const record = this.#table.get(member)?.record;
    if (!this.#table.isFull || record === undefined || isLive(record)) return;
    const updates = this.#updatesFor(member);
    this.#dependencies.network.send(member, { type: 'ping', sequence: this.#sequences.next(), updates });
  }

  /** What a peer knows of members, not news. */
  learn(from: NodeId, records: readonly Update[]): void {
    for (const record of records) this.#hear(from, this.#tempered(from, record));
  }

  /** `from`: as the link proved it. */
  receive(from: NodeId, message: MemberMessage): void {
    const known = this.#table.get(from);
    if (known !== undefined) known.heardAtMs = this.#dependencies.clock.monotonicMs();
    if ('updates' in message) for (const update of message.updates) this.#hear(from, update);
    switch (message.type) {
      case 'ping': {
        const updates = this.#updatesFor(from);
        this.#dependencies.network.send(from, { type: 'ack', sequence: message.sequence, updates });
        return;
      }
      case 'ack': {
        const { sequence } = message;
        if (this.#prober.ack(from, sequence) || this.#relays.ack(from, sequence)) return;
        return this.#departure.ack(from, sequence);
      }
      case 'ping-request':
        return this.#relays.begin(from, message);
      case 'nack':
        return this.#prober.nack(from, message.sequence);
      case 'members-digest':
        return this.#exchange.compare(from, message.digest);
      case 'members':
        return this.#exchange.answer(from, message);
      case 'members-reply':
        return this.#exchange.proceed(from, message);
    }
  }

  #hear(from: NodeId, update: Update): void {
    if (update.nodeId === this.#self.nodeId) return this.#hearOfSelf(update);
    const change = this.#table.merge(update, this.#dependencies.clock.monotonicMs());
    const accuser = update.accuser ?? from;
    if (change !== undefined) return this.#changed(change, accuser);
    const known = this.#table.get(update.nodeId)?.record;
    const isConfirmation = update.status === 'suspect' && update.incarnation === known?.incarnation;
    if (isConfirmation && this.#suspicions.confirm(update.nodeId, accuser))
      this.#dissemination.add(update.nodeId);
  }

  #hearOfSelf(update: Update): void {
    if (!this.#self.refute(update)) return;
    if (update.status === 'suspect' || update.status === 'down') this.#health.change(1);
  }

  /**
   * What a whole table says, may be old: who lives here counts as suspect, and can refute, if it is down there. Else two halves
   * of a cluster that meet again would take each other's word that all are down.
   */
  #tempered(from: NodeId, update: Update): Update {
    const known = this.#table.get(update.nodeId)?.record;
    const isDoubtful = update.status === 'down' && known !== undefined && isLive(known);
    return isDoubtful ? { ...update, status: 'suspect', accuser: from, ageMs: 0 } : update;
  }

  #changed({ member, before }: Change, accuser: NodeId): void {
    const { record } = member;
    const { nodeId } = record;
    const { onEvent, onRecords } = this.#dependencies;
    const { probeIntervalMs, lifeguard } = this.#options;
    if (record.status === 'suspect') {
      const span = suspicionSpan(this.#table.live + 1, probeIntervalMs, lifeguard.suspicion);
      this.#suspicions.begin(nodeId, accuser, span);
    } else this.#suspicions.end(nodeId);
    if (isLive(record) && (before === undefined || !isLive(before))) this.#prober.add(nodeId);
    this.#dissemination.add(nodeId);
    const type = eventOf(before, record);
    onRecords();
    if (type !== undefined) onEvent({ type, member: viewOf(member, this.#dependencies.clock.monotonicMs()) });
  }

  /** This node itself has found it so. */
  #accuse(nodeId: NodeId, status: 'suspect' | 'down'): void {
    const record = this.#table.get(nodeId)?.record;
    if (record === undefined || !isLive(record)) return;
    const accuser = this.#self.nodeId;
    this.#hear(accuser, { ...record, status, accuser, ageMs: 0 });
  }

  /** After `share` of the interval, which grows with the logarithm of the cluster (HashiCorp's memberlist). */
  #exchangeAfter(share: number): void {
    const { random, clock, network } = this.#dependencies;
    const scale = 1 + Math.max(0, Math.ceil(Math.log2((this.#table.live + 1) / 32)));
    this.#time.after(share * scale * EXCHANGE_INTERVALS * this.#options.probeIntervalMs, () => {
      if (this.#table.prune(clock.monotonicMs()) > 0) this.#dependencies.onRecords();
      const linked = [...this.#table.all()].filter(({ record }) => network.isLinked(record.nodeId));
      for (const { record } of someOf(linked, 1, random)) this.#offer(record.nodeId);
      this.#exchangeAfter(1);
    });
  }

  /** Not if only a choice of the members is known here: no two nodes come to the same then. */
  #offer(member: NodeId): void {
    if (!this.#table.isFull) this.#exchange.offer(member);
  }

  /** Whoever does not count as up is told so first, and can refute (Lifeguard's buddy system). */
  #updatesFor(receiver: NodeId): readonly Update[] {
    const status = this.#table.get(receiver)?.record.status ?? 'up';
    const isTold = status === 'suspect' ? this.#options.lifeguard.buddy : status !== 'up';
    return this.#dissemination.take(this.#table.live + 1, isTold ? receiver : undefined);
  }
}
