/**
 * Who this node is connected with: seeds and partners, which it dials, and those that dialled it.
 *
 * 1. A node has one record, however many connections there are, and whoever dialled them; only two seeds that lead to one
 *    node make two.
 * 2. Of several links to a node one is used for rounds, and both nodes choose the same (`preferredLink`).
 */

import type { NodeId } from '../core/actor.ts';
import { formatAddress, hostOf } from '../core/host.ts';
import { someOf } from '../membership/shuffled.ts';
import type { Log } from '../ports/log.ts';
import type { Connection } from '../ports/transport.ts';
import type { Channel } from './channel.ts';
import type { DialerDependencies, DialTarget } from './dialer.ts';
import type { Refusal } from './greeter.ts';
import { type Link, preferredLink } from './link.ts';
import { type Partner, Partners } from './partners.ts';
import { PeerRecord } from './peer-record.ts';
import { Refusals } from './refusals.ts';
import { Seed, type SeedDependencies } from './seed.ts';
import type { Warnings } from './warnings.ts';

/** Accepted connections that have not said hello yet; with one more the oldest is closed: who means it says hello at once. */
const GREETING_MAX = 128;

/** Links of one node: each side may dial, and an older one may be dead. */
const LINKS_MAX = 4;

/** Nodes that are no seeds and are remembered; beyond it those that are gone, and are no partners, are forgotten. */
const OTHER_RECORDS_MAX = 1024;

export interface PeersDependencies extends Pick<
  SeedDependencies,
  'transport' | 'greeter' | 'clock' | 'random' | 'resolver'
> {
  readonly nodeId: NodeId;
  readonly log: Log;
  readonly warnings: Warnings;
  /** Whether seeds are dialled; absent: always. */
  readonly wantsSeeds?: (() => boolean) | undefined;
  /** A link to a node that had none. */
  readonly onConnected: (link: Link) => void;
}

export class Peers {
  readonly #dependencies: PeersDependencies;
  readonly #refusals: Refusals;
  readonly #dialing: DialerDependencies;
  readonly #seedByAddress = new Map<string, Seed>();
  readonly #partners: Partners;
  /** Of nodes that are no seeds. */
  readonly #otherByNode = new Map<NodeId, PeerRecord>();
  /** Partners that were. */
  readonly #departed = new Set<NodeId>();
  readonly #greeting = new Set<Connection>();
  #stopped = false;

  /** `seeds`: `host:port` of each, or names that are looked up. */
  constructor(seeds: readonly string[], dependencies: PeersDependencies) {
    const { nodeId, transport, greeter, clock, random, warnings } = dependencies;
    this.#dependencies = dependencies;
    this.#refusals = new Refusals(nodeId, warnings);
    this.#dialing = {
      transport,
      greeter,
      clock,
      random,
      onLink: ({ record }, link) => this.#connected(record, link),
      onRefused: ({ record }, refusal) => this.#refused(record, refusal),
      onUnfit: ({ record }, reason) => this.#refusals.tellUnfit(record.address, reason),
      onClose: (target, channel, link, reason) => this.#closed(target, channel, link, reason),
    };
    this.#partners = new Partners({
      ...this.#dialing,
      self: nodeId,
      isLinked: (other) => this.linkTo(other) !== undefined,
      recordOf: (partner) => this.#recordOfPartner(partner),
      // Whoever answers there; it may be another node by now.
      onLink: (_target, link) => this.#connected(this.#recordOf(link), link),
      onRefused: (target, refusal) => this.#partnerRefused(target, refusal),
    });
    for (const address of seeds) this.#seedOf(address);
  }

  /** `partners`: whom an earlier run knew. */
  start(partners: readonly Partner[]): void {
    for (const seed of this.#seedByAddress.values()) void seed.dial();
    this.#partners.begin(partners);
    this.#showAddresses(partners);
  }

  stop(): void {
    this.#stopped = true;
    for (const seed of this.#seedByAddress.values()) seed.stop();
    this.#partners.stop();
  }

  /** Dials it from now on, for ever. Resolves when a first attempt has come to an end. Never fails. */
  async addSeed(address: string): Promise<readonly PeerRecord[]> {
    const seed = this.#seedOf(address);
    await seed.dial();
    return seed.records();
  }

  /** Members with which links are kept from now on. */
  setPartners(partners: readonly Partner[]): void {
    if (this.#stopped) return;
    for (const nodeId of this.#partners.set(partners)) this.#departed.add(nodeId);
    for (const nodeId of this.#departed) this.#dropDeparted(nodeId);
    this.#showAddresses(partners);
  }

  /** A connection that another node dialled. */
  accept(connection: Connection): void {
    if (this.#stopped) return connection.close();
    const [oldest] = this.#greeting;
    if (this.#greeting.size >= GREETING_MAX) oldest?.close('too many strangers at once');
    this.#greeting.add(connection);
    this.#dependencies.greeter.greet(connection, 'inbound', connection.remote, {
      onLink: (link) => {
        this.#greeting.delete(connection);
        this.#connected(this.#recordOf(link), link);
      },
      onRefused: (refusal) => {
        // The other end of this node's own attempt, by the look of it: it ends there.
        if (refusal.reject.code === 'same-node') return;
        this.#refusals.tell(refusal.hello?.nodeId ?? hostOf(connection.remote), connection.remote, refusal);
      },
      onClose: (channel, link, reason) => {
        this.#greeting.delete(connection);
        this.#closed(undefined, channel, link, reason);
      },
    });
  }

  /** Dials every seed and partner that is not connected now, without waiting for its pause to end. */
  async dialNow(): Promise<void> {
    const seeds = [...this.#seedByAddress.values()].map((seed) => seed.dial());
    await Promise.all([...seeds, this.#partners.dialNow()]);
  }

  dialSeeds(): void {
    for (const seed of this.#seedByAddress.values()) void seed.dial();
  }

  /** Dials one of the seeds, wanted or not, whose node is not linked, and none of `present`. */
  dialSeedBut(present: ReadonlySet<NodeId>): void {
    const strange = [...this.#seedByAddress.values()]
      .flatMap((seed) => seed.dialers())
      .filter(({ target: { record } }) => {
        const { nodeId, links, isSelf } = record;
        return !isSelf && links.length === 0 && (nodeId === undefined || !present.has(nodeId));
      });
    const [dialer] = someOf(strange, 1, this.#dependencies.random);
    void dialer?.dial(true);
  }

  /** Resolves when no attempt to dial is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#seedByAddress.values()].map((seed) => seed.idle()));
    await this.#partners.idle();
  }

  records(): PeerRecord[] {
    const ofSeeds = [...this.#seedByAddress.values()].flatMap((seed) => seed.records());
    return [...ofSeeds, ...this.#otherByNode.values()];
  }

  recordsOf(nodeId: NodeId): PeerRecord[] {
    return this.records().filter((record) => record.nodeId === nodeId);
  }

  /** One link for each node that is connected. */
  links(): Link[] {
    const { nodeId } = this.#dependencies;
    const linksByNode = new Map<NodeId, Link[]>();
    for (const link of this.#allLinks()) {
      const links = linksByNode.get(link.nodeId);
      if (links === undefined) linksByNode.set(link.nodeId, [link]);
      else links.push(link);
    }
    return [...linksByNode.values()].flatMap((links) => preferredLink(nodeId, links) ?? []);
  }

  linkTo(nodeId: NodeId): Link | undefined {
    return preferredLink(this.#dependencies.nodeId, this.linksTo(nodeId));
  }

  /** The oldest first. */
  linksTo(nodeId: NodeId): Link[] {
    return this.#linksThat((link) => link.nodeId === nodeId);
  }

  #allLinks(): Link[] {
    return this.#linksThat(() => true);
  }

  /** The oldest first. */
  #linksThat(isMeant: (link: Link) => boolean): Link[] {
    const links: Link[] = [];
    // One by one: for each link that comes or goes, those of a node are looked for among all.
    for (const record of this.records()) for (const link of record.links) if (isMeant(link)) links.push(link);
    return links.toSorted((a, b) => a.sinceMs - b.sinceMs);
  }

  #seedOf(address: string): Seed {
    const known = this.#seedByAddress.get(address);
    if (known !== undefined) return known;
    const { resolver, wantsSeeds: isWanted } = this.#dependencies;
    const seed = new Seed(address, { ...this.#dialing, resolver, isWanted });
    this.#seedByAddress.set(address, seed);
    return seed;
  }

  /** Of a link that no seed dialled: that of the seed whose node it is, else one of its own. */
  #recordOf(link: Link): PeerRecord {
    const { nodeId, direction } = link;
    const known = this.recordsOf(nodeId)[0];
    if (known !== undefined) return known;
    if (this.#otherByNode.size >= OTHER_RECORDS_MAX) this.#forgetOne();
    const record = new PeerRecord(reachedAt(link), direction);
    this.#otherByNode.set(nodeId, record);
    return record;
  }

  #recordOfPartner({ nodeId, address }: Partner): PeerRecord {
    const known = this.recordsOf(nodeId)[0];
    if (known !== undefined) return known;
    const record = new PeerRecord(address, 'outbound');
    record.nodeId = nodeId;
    // An attempt may end after the node ceased to be a partner.
    if (this.#partners.has(nodeId)) this.#otherByNode.set(nodeId, record);
    return record;
  }

  /** Of who was a partner, and is none any more, nothing is shown once its last link is gone. */
  #dropDeparted(nodeId: NodeId): void {
    if (!this.#departed.has(nodeId) || this.linksTo(nodeId).length > 0) return;
    this.#departed.delete(nodeId);
    if (!this.#partners.has(nodeId)) this.#otherByNode.delete(nodeId);
  }

  /** A seed is shown as it was configured. */
  #showAddresses(partners: readonly Partner[]): void {
    for (const partner of partners) {
      if (!this.#otherByNode.has(partner.nodeId)) this.#recordOfPartner(partner);
      const record = this.#otherByNode.get(partner.nodeId);
      if (record !== undefined) record.address = partner.address;
    }
  }

  #forgetOne(): void {
    for (const [nodeId, { links }] of this.#otherByNode)
      if (links.length === 0 && !this.#partners.has(nodeId)) return void this.#otherByNode.delete(nodeId);
  }

  #connected(record: PeerRecord, link: Link): void {
    const { log, onConnected } = this.#dependencies;
    const { nodeId } = link;
    const others = this.linksTo(nodeId);
    if (record.nodeId !== undefined && record.nodeId !== nodeId) this.#setApart(record, record.nodeId);
    record.addLink(link);
    const other = this.#otherByNode.get(nodeId);
    if (other === record) {
      if (others.length === 0) record.direction = link.direction;
    } else if (other !== undefined) {
      record.absorb(other);
      this.#otherByNode.delete(nodeId);
    }
    this.#refusals.clear(record.address);
    this.#refusals.clear(nodeId);
    if (others.length >= LINKS_MAX)
      others[0]?.channel.close('newer connections of the same node took its place');
    if (others.length > 0) return;
    const { address, protocolVersion } = link;
    log.info({ peer: nodeId, address, protocolVersion }, 'Connected to a peer.');
    onConnected(link);
  }

  /** Another node is behind the address of this record by now: the one before is shown where it is, if it is connected. */
  #setApart(record: PeerRecord, nodeId: NodeId): void {
    const [link] = record.links;
    const other = this.recordsOf(nodeId).find((known) => known !== record);
    const apart = other ?? new PeerRecord(link ? reachedAt(link) : record.address, 'inbound');
    apart.absorb(record);
    apart.nodeId = nodeId;
    if (other === undefined && link !== undefined) this.#otherByNode.set(nodeId, apart);
  }

  #closed(
    dialled: DialTarget | undefined,
    channel: Channel,
    link: Link | undefined,
    reason: string | undefined,
  ): void {
    if (link === undefined) return dialled?.record.addBytes(channel);
    const { nodeId, address } = link;
    for (const record of this.records()) record.removeLink(link);
    if (this.linksTo(nodeId).length > 0) return;
    this.#dependencies.log.info({ peer: nodeId, address, reason }, 'A peer is gone.');
    this.#partners.unlinked(nodeId);
    this.#dropDeparted(nodeId);
  }

  /** At a member's address may be somebody else by now, this node itself, too. */
  #partnerRefused(target: DialTarget, refusal: Refusal): void {
    if (refusal.reject.code === 'same-node') target.record.lastError = refusal.reject.reason;
    else this.#refused(target.record, refusal);
  }

  #refused(record: PeerRecord, refusal: Refusal): void {
    const { code, reason } = refusal.reject;
    if (code === 'same-node' && refusal.by === 'self') {
      // The own address among the peers: skipped until its dialer looks again. (This node takes nobody else's word for it.)
      record.isSelf = true;
      record.nodeId = this.#dependencies.nodeId;
      return;
    }
    if (code === 'shutdown') return;
    record.isRejected = true;
    record.lastError = reason;
    this.#refusals.tell(record.address, record.address, refusal);
  }
}

/** Where the node says that it is reached, else where it was seen. */
function reachedAt({ address, contact }: Link): string {
  if (contact === undefined || contact.port === 0) return address;
  return formatAddress(contact.host === '' ? hostOf(address) : contact.host, contact.port);
}
