/** Keeps connections to the configured peers, and knows those that dialled this node. */

import type { NodeId } from '../core/actor.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Connection, Transport } from '../ports/transport.ts';
import { BackOff } from './back-off.ts';
import type { Greeter } from './greeter.ts';
import { type Link, preferredLink } from './link.ts';
import type { Reject } from './messages.ts';
import { PeerRecord } from './peer-record.ts';
import type { Warnings } from './warnings.ts';

export interface PeersDependencies {
  readonly nodeId: NodeId;
  readonly transport: Transport;
  readonly greeter: Greeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly warnings: Warnings;
  /** A link to a node that had none. */
  readonly onConnected: (link: Link) => void;
}

export class Peers {
  readonly #dependencies: PeersDependencies;
  readonly #configured: PeerRecord[];
  readonly #inboundByNode = new Map<NodeId, PeerRecord>();
  readonly #timers = new Set<() => void>();
  readonly #dialling = new Set<Promise<void>>();
  #stopped = false;

  constructor(addresses: readonly string[], dependencies: PeersDependencies) {
    this.#dependencies = dependencies;
    this.#configured = [...new Set(addresses)].map((address) => new PeerRecord(address, 'outbound'));
  }

  start(): void {
    for (const record of this.#configured) this.#dial(record, new BackOff(this.#dependencies.random));
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  accept(connection: Connection): void {
    if (this.#stopped) return connection.close();
    let record: PeerRecord | undefined;
    this.#dependencies.greeter.greet(connection, 'inbound', connection.remote, {
      onLink: (link) => {
        record = this.#inboundRecord(link);
        this.#connected(record, link);
      },
      onRefused: (reject, by) => this.#tellRefused(connection.remote, reject, by),
      onClose: (link) => {
        if (link !== undefined) record?.removeLink(link);
      },
    });
  }

  /** Everyone that was configured or that dialled, without this node itself; each node once. */
  records(): PeerRecord[] {
    const named = new Set(this.#configured.map(({ nodeId }) => nodeId));
    return [
      ...this.#configured,
      ...[...this.#inboundByNode.values()].filter(({ nodeId }) => !named.has(nodeId)),
    ];
  }

  /** One link for each node that is connected. */
  links(): Link[] {
    const linksByNode = new Map<NodeId, Link[]>();
    for (const record of [...this.#configured, ...this.#inboundByNode.values()]) {
      for (const link of record.links) {
        const links = linksByNode.get(link.nodeId);
        if (links === undefined) linksByNode.set(link.nodeId, [link]);
        else links.push(link);
      }
    }
    return [...linksByNode.values()].flatMap((links) => preferredLink(this.#dependencies.nodeId, links) ?? []);
  }

  /** All records of one node: what is learnt over one of its links holds for each of them. */
  recordsOf(nodeId: NodeId): PeerRecord[] {
    return [...this.#configured, ...this.#inboundByNode.values()].filter((record) => record.nodeId === nodeId);
  }

  /** Resolves when every attempt to dial that is under way has come to an end. */
  async attempts(): Promise<void> {
    await Promise.all(this.#dialling);
  }

  #inboundRecord(link: Link): PeerRecord {
    const known = this.#inboundByNode.get(link.nodeId);
    if (known !== undefined) return known;
    const record = new PeerRecord(link.address, 'inbound');
    this.#inboundByNode.set(link.nodeId, record);
    return record;
  }

  #connected(record: PeerRecord, link: Link): void {
    const isNew = this.recordsOf(link.nodeId).every(({ links }) => links.size === 0);
    record.addLink(link);
    this.#dependencies.warnings.clear('PEER_REJECTED', record.address);
    if (!isNew) return;
    this.#dependencies.log.info({ peer: link.nodeId, address: link.address }, 'Connected to a peer.');
    this.#dependencies.onConnected(link);
  }

  #dial(record: PeerRecord, backOff: BackOff): void {
    if (this.#stopped) return;
    if (record.state === 'disconnected') record.state = 'connecting';
    const { transport } = this.#dependencies;
    const attempt = transport.dial(record.address).then(
      (connection) => this.#greet(record, backOff, connection),
      (error: unknown) => this.#retry(record, backOff, error instanceof Error ? error.message : String(error)),
    );
    this.#dialling.add(attempt);
    // Neither branch above can fail: both only start something.
    void attempt.finally(() => this.#dialling.delete(attempt));
  }

  /** Resolves when the connection is a link, or is gone. */
  #greet(record: PeerRecord, backOff: BackOff, connection: Connection): Promise<void> {
    if (this.#stopped) {
      connection.close();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#dependencies.greeter.greet(connection, 'outbound', record.address, {
        onLink: (link) => {
          backOff.reset();
          this.#connected(record, link);
          resolve();
        },
        onRefused: (reject, by) => this.#refused(record, reject, by),
        onClose: (link, reason) => {
          if (link !== undefined) {
            record.removeLink(link);
            this.#dependencies.log.info({ peer: link.nodeId, address: record.address, reason }, 'A peer is gone.');
          }
          if (record.state !== 'self') this.#retry(record, backOff, reason);
          resolve();
        },
      });
    });
  }

  #retry(record: PeerRecord, backOff: BackOff, reason: string | undefined): void {
    if (reason !== undefined) record.lastError = reason;
    if (record.state === 'connecting') record.state = 'disconnected';
    if (this.#stopped) return;
    const cancel = this.#dependencies.clock.after(backOff.nextMs(), () => {
      this.#timers.delete(cancel);
      this.#dial(record, backOff);
    });
    this.#timers.add(cancel);
  }

  #refused(record: PeerRecord, reject: Reject, by: 'self' | 'peer'): void {
    if (reject.code === 'same-node') {
      // The own address among the peers: skipped for good.
      record.state = 'self';
      record.nodeId = this.#dependencies.nodeId;
      return;
    }
    if (reject.code === 'shutdown') return;
    record.state = 'rejected';
    record.lastError = reject.reason;
    this.#tellRefused(record.address, reject, by);
  }

  #tellRefused(address: string, { code, reason }: Reject, by: 'self' | 'peer'): void {
    if (code === 'same-node' || code === 'shutdown') return;
    const who = by === 'self' ? 'This node refused' : 'This node was refused by';
    this.#dependencies.warnings.raise('PEER_REJECTED', address, `${who} the peer at ${address}: ${reason}.`);
  }
}
