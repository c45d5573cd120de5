/** Nodes that gossip over the memory network in simulated time, with a transcript of every message. */

import { formatAddress, parseAddress } from '../../src/adapters/address.ts';
import { DEFAULT_LIMITS, FRAME_HEADER_BYTES } from '../../src/core/limits.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { MemoryNetwork } from '../../src/adapters/memory-transport.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import { CHUNK_BYTES, unpackChunk } from '../../src/gossip/chunk.ts';
import { unpackDots } from '../../src/gossip/comparison-lists.ts';
import type { UserEvent } from '../../src/gossip/event-codec.ts';
import { Gossip } from '../../src/gossip/gossip.ts';
import { decodeMessage } from '../../src/gossip/message-codec.ts';
import type { RumourOptions } from '../../src/gossip/rumour-mongering.ts';
import type { GossipMode } from '../../src/gossip/mode.ts';
import type { Message } from '../../src/gossip/messages.ts';
import type { Chunk } from '../../src/gossip/session-messages.ts';
import type { Update } from '../../src/membership/member.ts';
import { DEFAULT_MEMBERSHIP, type MembershipOptions } from '../../src/membership/options.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Resolver } from '../../src/ports/resolver.ts';
import type { Connection, Transport } from '../../src/ports/transport.ts';
import { openReplica } from '../../src/storage/open-replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { del, hash64, put, text } from './replica-fixture.ts';

export const TOMBSTONE_TTL_MS = 20_000;
export const MAX_DRIFT_MS = 30_000;
export const INTERVAL_MS = 1000;
export const SESSION_TIMEOUT_MS = 30_000;
export const RUMOURS: RumourOptions = { intervalMs: 20, fanout: 3, unneededMax: 4 };

/** Every host listens at this port. */
const PORT = 7000;

/** A network that is quiet for so many looks has nothing more to say before time goes on. */
const QUIET_LOOKS = 2;

export function addressOf(host: string): string {
  return formatAddress(host, PORT);
}

export interface TestNodeOptions {
  /** The node's name, if it is not that of its host. */
  readonly nodeId?: string;
  readonly clusterId?: string;
  /** Hosts. */
  readonly peers?: readonly string[];
  /** Of names among the peers; dialled as they are if absent. */
  readonly resolver?: Resolver;
  /** What an earlier run knew of members. */
  readonly known?: readonly Update[];
  /** Its address does not travel. */
  readonly unreachable?: true;
  readonly disk?: MemoryDisk;
  readonly tombstoneTtlMs?: number;
  readonly maxDriftMs?: number;
  readonly chunkBytes?: number;
  readonly servedBytesPerSecond?: number;
  readonly mode?: GossipMode;
  readonly gossipIntervalMs?: number;
  /** None if absent. */
  readonly rumours?: RumourOptions;
  /** Of the failure detector; it is off if absent. */
  readonly membership?: Partial<MembershipOptions>;
  readonly isViewPartial?: boolean;
  /** What the node's wall clock shows beyond the right time. */
  readonly clockOffsetMs?: number;
  readonly seed?: number;
  readonly log?: Log;
}

/** One message on its way. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly message: Message | 'malformed';
  readonly body: Uint8Array;
  /** The header of the frame included. */
  readonly bytes: number;
}

interface Surroundings {
  readonly clock: Clock;
  readonly offset: { ms: number };
  readonly memberEvents: readonly string[];
}

export class TestNode {
  readonly host: string;
  readonly disk: MemoryDisk;
  readonly replica: StoredReplica;
  readonly gossip: Gossip;
  /** What it was told by users of all nodes. */
  readonly events: UserEvent[] = [];
  /** What it was told of other members: `up b`, and so on. */
  readonly memberEvents: readonly string[];
  readonly #clock: Clock;
  readonly #offset: { ms: number };

  constructor(
    host: string,
    disk: MemoryDisk,
    replica: StoredReplica,
    gossip: Gossip,
    { clock, offset, memberEvents }: Surroundings,
  ) {
    this.host = host;
    this.disk = disk;
    this.replica = replica;
    this.gossip = gossip;
    this.#clock = clock;
    this.#offset = offset;
    this.memberEvents = memberEvents;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  /** The node's wall clock jumps. */
  leap(ms: number): void {
    this.#offset.ms += ms;
  }

  async put(key: string, value: string): Promise<void> {
    await this.replica.write([put(key, value)]);
  }

  async del(key: string): Promise<void> {
    await this.replica.write([del(key)]);
  }

  async write(...writes: Write[]): Promise<void> {
    await this.replica.write(writes);
  }

  /** Codes of the present warnings, with whom they are about. */
  warnings(): string[] {
    return this.gossip.warnings().map(({ code, peer }) => `${code} ${peer}`);
  }
}

interface Stall {
  readonly held: (() => void)[];
  readonly sinceMs: number;
  readonly bytesPerSecond: number;
}

const NO_STALL: Stall = { held: [], sinceMs: 0, bytesPerSecond: 0 };

export class GossipCluster {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly network: MemoryNetwork;
  readonly #nodes = new Map<string, TestNode>();
  readonly #fingerprints = new Fingerprints(hash64);
  readonly #stalled = new Map<string, Stall>();
  readonly #timers = new Set<{ readonly dueMs: number }>();
  #sent: Sent[] = [];
  #everSent = 0;
  /** Sees each message before it is delivered; what it cuts then is lost with the message. */
  onSend: (sent: Sent) => void = () => {};
  /** Other names of hosts; what they lead to may change. */
  readonly leadsTo = new Map<string, string>();
  /** Every attempt to connect, whatever came of it. */
  readonly dials: { readonly from: string; readonly to: string; readonly atMs: number }[] = [];

  constructor() {
    this.network = new MemoryNetwork({ observe: (from, to, bytes) => this.#observe(from, to, bytes) });
  }

  async start(host: string, options: TestNodeOptions = {}): Promise<TestNode> {
    const { nodeId = host, clusterId = 'test', peers = [], disk = new MemoryDisk() } = options;
    const { tombstoneTtlMs = TOMBSTONE_TTL_MS, maxDriftMs = MAX_DRIFT_MS, clockOffsetMs = 0 } = options;
    const { log = silentLog } = options;
    const offset = { ms: clockOffsetMs };
    const clock: Clock = {
      wallMs: () => Math.floor(this.clock.wallMs()) + offset.ms,
      monotonicMs: () => this.clock.monotonicMs(),
      after: (delayMs, callback) => this.#after(delayMs, callback),
    };
    const random = createSeededRandom(options.seed ?? this.#nodes.size + 1);
    const replica = await openReplica({
      store: await disk.open(),
      clock,
      random,
      hash64,
      log,
      mustExist: false,
      nodeId: nodeId as NodeId,
      clusterId,
      tombstoneTtlMs,
      maxDriftMs,
      dotCacheBytes: 4096,
      sync: true,
    });
    // What a node does by itself at its start, after an unclean stop.
    if (replica.checking !== undefined) await replica.check();
    const memberEvents: string[] = [];
    const gossip = new Gossip(
      {
        replica,
        transport: this.transport(host),
        resolver: options.resolver,
        clock,
        random,
        log,
        packer,
        fingerprints: this.#fingerprints,
        limits: DEFAULT_LIMITS,
        onPeerClock: () => {},
        onUserEvent: (event) => void node.events.push(event),
        onMember: ({ type, member }) => void memberEvents.push(`${type} ${member.nodeId}`),
      },
      {
        peers: peers.map(addressOf),
        // Where nobody listens.
        advertise: options.unreachable === true ? 'nowhere:1' : undefined,
        settings: { tombstoneTtlMs, maxDriftMs },
        mode: options.mode ?? 'push-pull',
        gossipIntervalMs: options.gossipIntervalMs ?? INTERVAL_MS,
        gossipFanout: 3,
        rumours: options.rumours,
        membership: options.membership && {
          ...DEFAULT_MEMBERSHIP,
          ...options.membership,
          facts: {
            address: '',
            version: '1.0.0',
            protocolVersion: 2,
            metadata: new Uint8Array(0),
          },
        },
        isViewPartial: options.isViewPartial,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        chunkBytes: options.chunkBytes ?? CHUNK_BYTES,
        servedBytesPerSecond: options.servedBytesPerSecond,
      },
    );
    const node: TestNode = new TestNode(host, disk, replica, gossip, { clock, offset, memberEvents });
    this.#nodes.set(host, node);
    gossip.membership?.restore(options.known ?? []);
    await gossip.start(addressOf(host));
    return node;
  }

  /** An orderly end. The disk of the answer can be started again. */
  async stop(node: TestNode): Promise<MemoryDisk> {
    await this.finish(node.gossip.stop());
    await node.replica.close();
    this.#nodes.delete(node.host);
    return node.disk;
  }

  async stopAll(): Promise<void> {
    for (const node of this.#nodes.values()) await this.stop(node);
  }

  /** Lets time pass until `work` is through. */
  async finish<T>(work: Promise<T>, withinMs: number = 20_000): Promise<T> {
    let isThrough = false;
    void work.then(() => {
      isThrough = true;
    });
    await this.until(() => isThrough, withinMs);
    return work;
  }

  /** Lets time pass. Whatever happens at one instant is through before time goes on. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    await this.#quiet();
    while (this.clock.monotonicMs() < endMs) await this.#step(endMs);
  }

  /** Lets time pass until all contexts agree. Fails if they do not within `withinMs`. */
  async converge(withinMs: number = 20_000): Promise<void> {
    await this.until(() => this.agree(), withinMs);
  }

  /** Lets time pass until `isSo`. Fails if it is not so within `withinMs`. */
  async until(isSo: () => boolean, withinMs: number = 20_000): Promise<void> {
    const endMs = this.clock.monotonicMs() + withinMs;
    await this.#quiet();
    while (!isSo()) {
      assert(this.clock.monotonicMs() < endMs, `what a test waits for comes about within ${withinMs} ms`);
      await this.#step(endMs);
    }
  }

  /** Messages since the last take. */
  get sentCount(): number {
    return this.#sent.length;
  }

  agree(): boolean {
    return new Set([...this.#nodes.values()].map(({ replica }) => replica.contextHash())).size <= 1;
  }

  /** What was sent since the last call. */
  takeSent(): Sent[] {
    return this.#sent.splice(0);
  }

  /** The same, as text for people. */
  transcript(): string {
    return this.takeSent().map(describeSent).join('\n');
  }

  /**
   * Messages from one host to another are held back, and delivered later, as by a network that stands still, or lets so few
   * bytes a second through that none comes to its end.
   */
  stall(from: string, to: string, bytesPerSecond: number = 0): void {
    this.#stalled.set(`${from} ${to}`, { held: [], sinceMs: this.clock.monotonicMs(), bytesPerSecond });
  }

  resume(from: string, to: string): void {
    const held = this.#stalled.get(`${from} ${to}`)?.held ?? [];
    this.#stalled.delete(`${from} ${to}`);
    for (const deliver of held) deliver();
  }

  /** The network as `host` sees it, stalls included. */
  transport(host: string): Transport {
    const transport = this.network.transport(host);
    return {
      listen: (address, onConnection) =>
        transport.listen(address, (connection) => onConnection(this.#stallable(host, connection))),
      dial: async (address) => {
        const dialled = parseAddress(address).host;
        const to = this.leadsTo.get(dialled) ?? dialled;
        this.dials.push({ from: host, to, atMs: this.clock.monotonicMs() });
        return this.#stallable(host, await transport.dial(addressOf(to)));
      },
      close: () => transport.close(),
    };
  }

  #stallable(host: string, connection: Connection): Connection {
    const other = parseAddress(connection.remote).host;
    const trickled = (): number => {
      const { sinceMs, bytesPerSecond } = this.#stalled.get(`${other} ${host}`) ?? NO_STALL;
      return Math.floor(((this.clock.monotonicMs() - sinceMs) / 1000) * bytesPerSecond);
    };
    return {
      remote: connection.remote,
      get bytesReceived() {
        return connection.bytesReceived + trickled();
      },
      get bytesSent() {
        return connection.bytesSent;
      },
      send: (message) => {
        const held = this.#stalled.get(`${host} ${other}`)?.held;
        if (held === undefined) return connection.send(message);
        const copy = message.slice();
        return new Promise((resolve, reject) =>
          held.push(() => void connection.send(copy).then(resolve, reject)),
        );
      },
      start: (events) => connection.start(events),
      close: (reason) => connection.close(reason),
    };
  }

  #observe(from: string, to: string, bytes: Uint8Array): void {
    const message = decode(bytes);
    const sent = { from, to, message, body: bytes.slice(), bytes: bytes.length + FRAME_HEADER_BYTES };
    this.#everSent++;
    this.#sent.push(sent);
    this.onSend(sent);
  }

  #after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.clock.monotonicMs() + delayMs };
    this.#timers.add(timer);
    const cancel = this.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      callback();
    });
    return () => {
      this.#timers.delete(timer);
      cancel();
    };
  }

  /** To the next instant at which something is due, at most to `endMs`. */
  async #step(endMs: number): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const dueMs = Math.min(endMs, ...[...this.#timers].map((timer) => timer.dueMs));
    assert(dueMs < Number.POSITIVE_INFINITY, 'something is due');
    await this.clock.advance(Math.max(0, dueMs - nowMs));
    await this.#quiet();
  }

  async #quiet(): Promise<void> {
    let looks = 0;
    let before = this.#everSent;
    while (looks < QUIET_LOOKS) {
      await settle();
      looks = this.#everSent === before ? looks + 1 : 0;
      before = this.#everSent;
    }
  }
}

/** `key-0000` and so on, with values of a few bytes. */
export function putMany(count: number, value: string = 'value', first: number = 0): Write[] {
  return Array.from({ length: count }, (_, index) =>
    put(`key-${String(first + index).padStart(4, '0')}`, value),
  );
}

/** Sums over messages, by direction and kind: what a long transcript comes to. */
export function summarize(sent: readonly Sent[]): string {
  const totals = new Map<string, { messages: number; bytes: number }>();
  for (const { from, to, message, bytes } of sent) {
    const name = `${from} → ${to} ${message === 'malformed' ? message : message.type}`;
    const total = totals.get(name) ?? { messages: 0, bytes: 0 };
    totals.set(name, { messages: total.messages + 1, bytes: total.bytes + bytes });
  }
  return [...totals].map(([name, { messages, bytes }]) => `${name} × ${messages}: ${bytes} B`).join('\n');
}

export function describeSent({ from, to, message, bytes }: Sent): string {
  const type = message === 'malformed' ? message : message.type;
  const details = message === 'malformed' ? '' : detailsOf(message);
  return `${from} → ${to} ${type} ${bytes} B${details === '' ? '' : ` (${details})`}`;
}

/** Keys of the entries in a message, in their order. */
export function keysSent({ message }: Sent): string[] {
  if (message === 'malformed' || (message.type !== 'opened' && message.type !== 'next-reply')) return [];
  return unpackChunk(message.chunk.entries, DEFAULT_LIMITS).map(({ key }) => text(key));
}

function decode(bytes: Uint8Array): Message | 'malformed' {
  try {
    return decodeMessage(bytes, packer);
  } catch {
    return 'malformed';
  }
}

function detailsOf(message: Message): string {
  switch (message.type) {
    case 'digest':
      return counted(message.pairs.length, 'pair');
    case 'recent':
    case 'recent-reply':
    case 'digest-reply':
    case 'heads':
    case 'heads-reply':
    case 'chains':
    case 'chains-reply':
      return counted(message.rows.length, 'row');
    case 'open':
      return counted(message.rows.length, 'row');
    case 'opened':
      return `${message.order} order, ${describeChunk(message.chunk)}`;
    case 'next-reply':
      return describeChunk(message.chunk);
    case 'list-reply':
      return `${counted(unpackDots(message.dots, DEFAULT_LIMITS).length, 'dot')}${message.last ? ', last' : ''}`;
    case 'fetch':
      return counted(message.keys.length, 'key');
    case 'rumours':
      return counted(unpackChunk(message.entries, DEFAULT_LIMITS).length, 'entry');
    case 'events':
      return counted(message.events.length, 'event');
    case 'rumours-reply':
    case 'events-reply':
      return [...message.feedback].join(' ');
    case 'view':
      return message.message.type;
    case 'aggregate':
      return `${message.name}, exchange ${message.number}`;
    case 'aggregate-reply':
      return message.share === undefined ? 'no share' : 'a share';
    case 'fetch-reply':
      return counted(unpackChunk(message.entries, DEFAULT_LIMITS).length, 'entry');
    case 'failure':
    case 'reject':
      return `${message.code}: ${message.reason}`;
    case 'ping':
    case 'ack':
    case 'ping-request':
      return counted(message.updates.length, 'update');
    case 'members':
    case 'members-reply':
      return counted(message.records.length, 'record');
    case 'nack':
    case 'members-digest':
    case 'hello':
    case 'summary':
    case 'summary-reply':
    case 'next':
    case 'compare':
    case 'compared':
    case 'sums':
    case 'sums-reply':
    case 'list':
    case 'keep-alive':
    case 'lost':
    case 'done':
      return '';
  }
}

function describeChunk({ entries, last }: Chunk): string {
  const count = unpackChunk(entries, DEFAULT_LIMITS).length;
  return `${count} ${count === 1 ? 'entry' : 'entries'}${last ? ', last' : ''}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
