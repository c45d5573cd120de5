/**
 * Who this node is connected with: the configured peers, which it dials, and those that dialled it.
 *
 * 1. A node has one record, however many connections there are, and whoever dialled them; only two configured
 *    addresses of one node make two.
 * 2. Of several links to a node one is used for rounds, and both nodes choose the same (`preferredLink`).
 */

import type { NodeId } from '../core/actor.ts';
import type { Log } from '../ports/log.ts';
import type { Connection } from '../ports/transport.ts';
import type { Channel } from './channel.ts';
import { Dialer, type DialerDependencies } from './dialer.ts';
import { hostOf, type Refusal } from './greeter.ts';
import { type Link, preferredLink } from './link.ts';
import { PeerRecord } from './peer-record.ts';
import type { Warnings } from './warnings.ts';

/** Accepted connections that have not said hello yet; with one more the oldest is closed: who means it says hello at once. */
const GREETING_MAX = 128;

/** Links of one node: each side may dial, and an older one may be dead. */
const LINKS_MAX = 4;

/** A refused peer dials again within half a minute; when it does not, the cause, or the peer, is gone. */
const REJECTED_LASTS_MS = 120_000;

/** Nodes that dialled this one and are remembered; beyond it those that are gone are forgotten. */
const INBOUND_RECORDS_MAX = 1024;

export interface PeersDependencies extends Pick<
  DialerDependencies,
  'transport' | 'greeter' | 'clock' | 'random'
> {
  readonly nodeId: NodeId;
  readonly log: Log;
  readonly warnings: Warnings;
  /** A link to a node that had none. */
  readonly onConnected: (link: Link) => void;
  /** A link to a node that had another one. */
  readonly onSecondLink: (link: Link, other: Link) => void;
}

export class Peers {
  readonly #dependencies: PeersDependencies;
  readonly #dialers: readonly Dialer[];
  readonly #inboundByNode = new Map<NodeId, PeerRecord>();
  readonly #greeting = new Set<Connection>();
  #stopped = false;

  /** `addresses`: `host:port` of each. */
  constructor(addresses: readonly string[], dependencies: PeersDependencies) {
    this.#dependencies = dependencies;
    this.#dialers = [...new Set(addresses)].map(
      (address) =>
        new Dialer(new PeerRecord(address, 'outbound'), {
          transport: dependencies.transport,
          greeter: dependencies.greeter,
          clock: dependencies.clock,
          random: dependencies.random,
          onLink: (record, link) => this.#connected(record, link),
          onRefused: (record, refusal) => this.#refused(record, refusal),
          onUnfit: (record, reason) =>
            dependencies.warnings.raise('PEER_REJECTED', record.address, reason, REJECTED_LASTS_MS),
          onClose: (record, channel, link, reason) => this.#closed(record, channel, link, reason),
        }),
    );
  }

  start(): void {
    void this.dialNow();
  }

  stop(): void {
    this.#stopped = true;
    for (const dialer of this.#dialers) dialer.stop();
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
      onRefused: (refusal) =>
        this.#tellRefused(refusal.hello?.nodeId ?? hostOf(connection.remote), connection.remote, refusal),
      onClose: (channel, link, reason) => {
        this.#greeting.delete(connection);
        this.#closed(undefined, channel, link, reason);
      },
    });
  }

  /** Dials every configured peer that is not connected now, without waiting for its pause to end. */
  async dialNow(): Promise<void> {
    await Promise.all(this.#dialers.map((dialer) => dialer.dial()));
  }

  /** Resolves when no attempt to dial is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#dialers.map((dialer) => dialer.idle()));
  }

  records(): PeerRecord[] {
    return [...this.#dialers.map(({ record }) => record), ...this.#inboundByNode.values()];
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
    return preferredLink(this.#dependencies.nodeId, this.#linksTo(nodeId));
  }

  #linksTo(nodeId: NodeId): Link[] {
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

  /** Of an inbound link: that of the configured peer whose node it is, else one of its own. */
  #recordOf({ nodeId, address }: Link): PeerRecord {
    const known = this.recordsOf(nodeId)[0];
    if (known !== undefined) return known;
    if (this.#inboundByNode.size >= INBOUND_RECORDS_MAX) this.#forgetOne();
    const record = new PeerRecord(address, 'inbound');
    this.#inboundByNode.set(nodeId, record);
    return record;
  }

  #forgetOne(): void {
    for (const [nodeId, { links }] of this.#inboundByNode) {
      if (links.length === 0) return void this.#inboundByNode.delete(nodeId);
    }
  }

  #connected(record: PeerRecord, link: Link): void {
    const { log, warnings, onConnected, onSecondLink } = this.#dependencies;
    const { nodeId } = link;
    const others = this.#linksTo(nodeId);
    record.addLink(link);
    const inbound = this.#inboundByNode.get(nodeId);
    if (inbound !== undefined && inbound !== record) {
      record.absorb(inbound);
      this.#inboundByNode.delete(nodeId);
    }
    warnings.clear('PEER_REJECTED', record.address);
    warnings.clear('PEER_REJECTED', nodeId);
    if (others.length >= LINKS_MAX)
      others[0]?.channel.close('newer connections of the same node took its place');
    for (const other of others) onSecondLink(link, other);
    if (others.length > 0) return;
    const { address, protocolVersion } = link;
    log.info({ peer: nodeId, address, protocolVersion }, 'Connected to a peer.');
    onConnected(link);
  }

  #closed(
    dialled: PeerRecord | undefined,
    channel: Channel,
    link: Link | undefined,
    reason: string | undefined,
  ): void {
    if (link === undefined) return dialled?.addBytes(channel);
    for (const record of this.records()) record.removeLink(link);
    if (this.#linksTo(link.nodeId).length > 0) return;
    this.#dependencies.log.info({ peer: link.nodeId, address: link.address, reason }, 'A peer is gone.');
  }

  #refused(record: PeerRecord, refusal: Refusal): void {
    const { code, reason } = refusal.reject;
    if (code === 'same-node' && refusal.by === 'self') {
      // The own address among the peers: skipped for good. (Only this node can know: it takes nobody's word for it.)
      record.isSelf = true;
      record.nodeId = this.#dependencies.nodeId;
      return;
    }
    if (code === 'shutdown') return;
    record.isRejected = true;
    record.lastError = reason;
    this.#tellRefused(record.address, record.address, refusal);
  }

  #tellRefused(name: string, address: string, { reject: { code, reason }, by }: Refusal): void {
    // What it did is told already.
    if (by === 'self' && (code === 'same-node' || code === 'misbehaved')) return;
    if (code === 'shutdown') return;
    const who = by === 'self' ? 'This node refused' : 'This node was refused by';
    const message = `${who} the peer at ${address}: ${reason.replace(/\.$/u, '')}.`;
    this.#dependencies.warnings.raise('PEER_REJECTED', name, message, REJECTED_LASTS_MS);
  }
}
