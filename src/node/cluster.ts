/** The cluster as a node's users see it: members, joining, leaving, forgetting, and what is kept of it over restarts. */

import { isNodeId, type NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { Gossip } from '../gossip/gossip.ts';
import { speaksOfMembers } from '../gossip/member-links.ts';
import type { PeerRecord } from '../gossip/peer-record.ts';
import { RETIREMENTS_SINCE } from '../gossip/protocol-version.ts';
import type { MemberEvent, Member as KnownMember } from '../membership/member-view.ts';
import type { Membership } from '../membership/membership.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { unsettled } from '../storage/retire.ts';
import { checkSignal, throwIfAborted } from './abort.ts';
import type { KeptFile } from './kept-file.ts';
import { KnownMembers } from './known-members.ts';
import type {
  ForgetOptions,
  ForgetResult,
  JoinOptions,
  JoinResult,
  LeaveOptions,
  Member,
  MemberEventName,
  MemberEvents,
} from './member-api.ts';
import { MemberEmitter } from './member-emitter.ts';
import { checkKnown, checkPeers, DELAY_MS_MAX } from './options.ts';

const JOIN_TIMEOUT_MS = 10_000;
const LEAVE_TIMEOUT_MS = 5000;

/** What is no UTF-8, since another program sent it, is shown as U+FFFD. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** How often who waits looks whether that is over. */
const STEP_MS = 50;

export interface ClusterDependencies {
  /** Asked for when it is there. */
  readonly gossip: () => Gossip;
  /** As `StoredReplica.retire`. */
  readonly retire: (nodeId: NodeId) => Promise<number>;
  /** Whether it is forgotten for ever. */
  readonly isRetired: (nodeId: NodeId) => boolean;
  readonly isViewPartial: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly file: KeptFile;
  /** Addresses that were joined in earlier runs. */
  readonly seeds: readonly string[];
}

export class Cluster {
  readonly #dependencies: ClusterDependencies;
  readonly #emitter: MemberEmitter;
  readonly #known: KnownMembers;
  readonly #seeds: Set<string>;

  constructor(dependencies: ClusterDependencies) {
    const { file, clock, log, seeds } = dependencies;
    this.#dependencies = dependencies;
    this.#emitter = new MemberEmitter(log);
    this.#seeds = new Set(seeds);
    this.#known = new KnownMembers({
      file,
      clock,
      log,
      current: () => ({ seeds: [...this.#seeds], records: this.#membership?.told.records() ?? [] }),
    });
  }

  /** A member changed. */
  tell({ type, member }: MemberEvent): void {
    const { log } = this.#dependencies;
    log.info(
      { peer: member.nodeId, address: member.address, incarnation: member.incarnation },
      SENTENCES[type],
    );
    this.#emitter.emit(`member:${type}`, this.#shown(member));
  }

  /** What is known of members changed, and is to be kept. */
  recordsChanged(): void {
    this.#known.changed();
  }

  /** What was to be kept is. */
  stop(): Promise<void> {
    return this.#known.flush();
  }

  members(): readonly Member[] {
    return this.#required()
      .members()
      .map((member) => this.#shown(member));
  }

  async join(addresses: readonly string[], options: JoinOptions = {}): Promise<JoinResult> {
    checkKnown(options, ['timeoutMs', 'signal']);
    const seeds = checkPeers(addresses, 'addresses');
    if (seeds.length === 0) throw new BoatoError('INVALID_OPTION', 'There is no address to join.');
    const signal = checkSignal(options.signal);
    const timeoutMs = checkTimeout(options.timeoutMs, JOIN_TIMEOUT_MS);
    const attempts = new Map(seeds.map((seed) => [seed, new Attempt(this.#dependencies.gossip(), seed)]));
    const { clock } = this.#dependencies;
    const untilMs = clock.monotonicMs() + timeoutMs;
    while (![...attempts.values()].every(({ isOver }) => isOver) && clock.monotonicMs() < untilMs) {
      throwIfAborted(signal);
      await this.#step();
    }
    throwIfAborted(signal);
    // One that never answered may be misspelt: it is tried as long as this process runs, and not in the next one.
    for (const [seed, { isReached }] of attempts) if (isReached) this.#seeds.add(seed);
    this.#known.changed();
    const unreached = [...attempts].filter(([, attempt]) => !attempt.isReached);
    return {
      reached: seeds.filter((seed) => attempts.get(seed)?.isReached === true),
      unreached: unreached.map(([address, { reason }]) => ({ address, reason })),
    };
  }

  /** Resolves when others know, or there was no more time for it. */
  async leave(options: LeaveOptions = {}): Promise<void> {
    checkKnown(options, ['timeoutMs']);
    const timeoutMs = checkTimeout(options.timeoutMs, LEAVE_TIMEOUT_MS);
    const membership = this.#membership;
    if (membership === undefined) return;
    const { clock } = this.#dependencies;
    const untilMs = clock.monotonicMs() + timeoutMs;
    while (this.#isJoining(membership) && clock.monotonicMs() < untilMs) await this.#step();
    await membership.leave(Math.max(1, untilMs - clock.monotonicMs()));
  }

  async forget(nodeId: string, options: ForgetOptions = {}): Promise<ForgetResult> {
    checkKnown(options, ['forEver']);
    const { forEver = false } = options;
    if (typeof forEver !== 'boolean')
      throw new BoatoError('INVALID_OPTION', 'The option `forEver` must be true or false.');
    const membership = this.#required();
    const member = isNodeId(nodeId) ? membership.member(nodeId) : undefined;
    if (!isNodeId(nodeId) || (member === undefined && !forEver))
      throw new BoatoError('MEMBER_UNKNOWN', `This node knows no member ${JSON.stringify(nodeId)}.`);
    if (member !== undefined && (member.isSelf || member.status === 'up' || member.status === 'suspect'))
      throw new BoatoError(
        'MEMBER_LIVE',
        `The member ${nodeId} is ${member.status}, and would come back: stop it, or let it leave (\`store leave\`), first.`,
      );
    const runs = forEver ? await this.#retire(nodeId, membership) : 0;
    if (member === undefined && runs === 0 && !this.#dependencies.isRetired(nodeId))
      throw new BoatoError(
        'MEMBER_UNKNOWN',
        `This node knows no member ${JSON.stringify(nodeId)}, nor writes of it.`,
      );
    membership.forget(nodeId);
    await this.#known.flush();
    return { runs };
  }

  /** What any other node holds of it must be here first: what comes later would count as deleted. */
  async #retire(nodeId: NodeId, membership: Membership): Promise<number> {
    const { gossip, retire, isViewPartial, log } = this.#dependencies;
    if (isViewPartial) throw unsettled(nodeId, 'with a partial view this node cannot ask all the others');
    const others = membership.members().filter((member) => !member.isSelf && member.nodeId !== nodeId);
    const away = others.filter(({ status }) => status !== 'up').map((member) => member.nodeId);
    if (away.length > 0)
      throw unsettled(
        nodeId,
        `these members are away, and may hold writes of it that no other node has: ${away.join(', ')}. Let them come back, or forget them first`,
      );
    const links = gossip()
      .peers()
      .flatMap((peer) => peer.links);
    if (links.some((link) => link.nodeId === nodeId))
      throw unsettled(nodeId, 'it is connected with this node');
    const older = links.filter(({ protocolVersion }) => protocolVersion < RETIREMENTS_SINCE);
    if (older.length > 0)
      throw unsettled(
        nodeId,
        `node ${older[0]?.nodeId ?? ''} runs an older version, which cannot do without them`,
      );
    // Also from those that are connected, and run without membership.
    const asked = new Set([...others, ...links].map((other) => other.nodeId));
    const unreached = await gossip().pullFrom([...asked]);
    if (unreached.length > 0)
      throw unsettled(
        nodeId,
        `these nodes could not be asked for what they have of it: ${unreached.join(', ')}`,
      );
    const runs = await retire(nodeId);
    if (runs > 0)
      log.info({ peer: nodeId, runs }, 'The rows of a node that is gone for ever gave way to one.');
    return runs;
  }

  on<Name extends MemberEventName>(name: Name, listener: MemberEvents[Name]): void {
    this.#emitter.on(name, listener);
  }

  off<Name extends MemberEventName>(name: Name, listener: MemberEvents[Name]): void {
    this.#emitter.off(name, listener);
  }

  /** Whether nobody could be told yet that this node leaves, and somebody soon may be: one that has just been started. */
  #isJoining(membership: Membership): boolean {
    const peers = this.#dependencies.gossip().peers();
    const known = new Set(membership.members().map(({ nodeId }) => nodeId));
    const links = peers.flatMap((peer) => peer.links).filter(speaksOfMembers);
    if (links.some(({ nodeId }) => known.has(nodeId))) return false;
    return links.length > 0 || peers.some((peer) => peer.isDialling && peer.lastError === undefined);
  }

  #step(): Promise<void> {
    return new Promise((resolve) => void this.#dependencies.clock.after(STEP_MS, resolve));
  }

  get #membership(): Membership | undefined {
    return this.#dependencies.gossip().membership;
  }

  #required(): Membership {
    const membership = this.#membership;
    if (membership !== undefined) return membership;
    throw new BoatoError(
      'MEMBERSHIP_OFF',
      'This node runs without membership (--no-membership): `store status` shows its peers.',
    );
  }

  #shown(member: KnownMember): Member {
    const { nodeId, isSelf, status, address, incarnation, version, protocolVersion, metadata } = member;
    const { roundTripMs, heardAgeMs } = member;
    const gossip = this.#dependencies.gossip();
    const record = gossip.peers().find((peer) => peer.nodeId === nodeId);
    const lag = record === undefined ? undefined : gossip.lag(record, this.#dependencies.clock.wallMs());
    return {
      nodeId,
      isSelf,
      status,
      statusAgoMs: Math.round(member.statusAgeMs),
      address,
      incarnation,
      version,
      protocolVersion,
      metadata: utf8.decode(metadata),
      ...(roundTripMs === undefined ? {} : { roundTripMs: Math.round(roundTripMs * 1000) / 1000 }),
      ...(heardAgeMs === undefined ? {} : { lastSeenAgoMs: Math.round(heardAgeMs) }),
      ...(lag === undefined ? {} : { lagMs: lag.lagMs }),
    };
  }
}

const SENTENCES: Readonly<Record<MemberEvent['type'], string>> = {
  up: 'A member is up.',
  suspect: 'A member does not answer, and is suspected.',
  down: 'A member is down.',
  left: 'A member has left.',
  updated: 'A member has another address, version or metadata.',
};

/** The first attempt to reach what is behind one address. */
class Attempt {
  isOver = false;
  isReached = false;
  #records: readonly PeerRecord[] = [];

  constructor(gossip: Gossip, address: string) {
    void gossip.join(address).then(({ records, isIn }) => {
      this.#records = records;
      this.isReached = isIn;
      this.isOver = true;
    });
  }

  get reason(): string {
    return (
      this.#records.find(({ lastError }) => lastError !== undefined)?.lastError ??
      'It did not answer in time.'
    );
  }
}

function checkTimeout(timeoutMs: number | undefined, byDefault: number): number {
  if (timeoutMs === undefined) return byDefault;
  if (Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= DELAY_MS_MAX) return timeoutMs;
  throw new BoatoError(
    'INVALID_OPTION',
    `The option \`timeoutMs\` must be an integer of milliseconds from 1 to ${DELAY_MS_MAX}.`,
  );
}
