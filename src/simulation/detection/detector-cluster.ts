/** Members that watch each other on virtual time, without anything else of a node: thousands of them, in seconds. */

import type { NodeId } from '../../core/actor.ts';
import type { MemberMessage } from '../../membership/member-messages.ts';
import type { MemberEvent } from '../../membership/member-view.ts';
import type { MemberFacts, Update } from '../../membership/member.ts';
import { Membership } from '../../membership/membership.ts';
import { DEFAULT_MEMBERSHIP, type MembershipOptions } from '../../membership/options.ts';
import { EPOCH_MS } from '../machine-clock.ts';
import { streamOf } from '../streams.ts';
import { VirtualTime } from '../virtual-time.ts';

/** One way, from half of it to one and a half. */
const LATENCY_MS = 1;

export interface DetectorClusterOptions {
  readonly seed: number;
  readonly options?: Partial<MembershipOptions>;
  /** Of messages that are lost. */
  readonly loss?: number;
}

/** What one member was told of another. */
export interface Noticed extends Pick<MemberEvent, 'type'> {
  readonly atMs: number;
  readonly by: NodeId;
  readonly of: NodeId;
}

/**
 * `stopped`: its process does nothing, and finds everything late when it goes on. `deaf`: what it hears and says waits, its
 * timers go on, as the anomalies of the Lifeguard paper have it.
 */
type Condition = 'well' | 'stopped' | 'deaf' | 'dead';

export class DetectorNode {
  readonly nodeId: NodeId;
  readonly membership: Membership;
  readonly #cluster: DetectorCluster;
  #condition: Condition = 'well';
  /** Happens when it is well again. */
  readonly #waiting: (() => void)[] = [];

  constructor(cluster: DetectorCluster, nodeId: NodeId, facts: MemberFacts, options: MembershipOptions) {
    this.#cluster = cluster;
    this.nodeId = nodeId;
    const { time } = cluster;
    this.membership = new Membership(
      {
        nodeId,
        facts,
        clock: {
          wallMs: () => EPOCH_MS + time.nowMs,
          monotonicMs: () => time.nowMs,
          after: (delayMs, callback) => time.after(delayMs, () => this.#when(this.#isStopped, callback)),
        },
        random: streamOf(cluster.seed, `member ${nodeId} ${time.nowMs}`),
        network: {
          isLinked: (member) => cluster.isLinked(nodeId, member),
          send: (member, message) => this.#send(member, message),
        },
        onEvent: ({ type, member }) =>
          void cluster.noticed.push({ atMs: time.nowMs, by: nodeId, of: member.nodeId, type }),
        onRecords: () => {},
      },
      options,
    );
  }

  get isAlive(): boolean {
    return this.#condition !== 'dead';
  }

  kill(): void {
    this.#condition = 'dead';
    this.membership.stop();
  }

  /** Its process stands still until `goOn`. */
  stop(): void {
    this.#condition = 'stopped';
  }

  /** It neither hears nor says anything until `goOn`. */
  deafen(): void {
    this.#condition = 'deaf';
  }

  goOn(): void {
    if (this.#condition === 'dead') return;
    this.#condition = 'well';
    for (const happen of this.#waiting.splice(0)) happen();
  }

  hear(from: NodeId, message: MemberMessage): void {
    this.#when(
      () => this.#condition !== 'well',
      () => this.membership.receive(from, message),
    );
  }

  #send(member: NodeId, message: MemberMessage): void {
    if (!this.#cluster.isLinked(this.nodeId, member)) return;
    this.#when(
      () => this.#condition === 'deaf',
      () => this.#cluster.carry(this.nodeId, member, message),
    );
  }

  readonly #isStopped = (): boolean => this.#condition === 'stopped';

  #when(mustWait: () => boolean, happen: () => void): void {
    if (this.#condition === 'dead') return;
    if (mustWait()) this.#waiting.push(happen);
    else happen();
  }
}

export class DetectorCluster {
  readonly seed: number;
  readonly time: VirtualTime = new VirtualTime();
  readonly noticed: Noticed[] = [];
  /** All that was sent. */
  messages = 0;
  loss: number;
  readonly #options: MembershipOptions;
  readonly #random: ReturnType<typeof streamOf>;
  readonly #nodeById = new Map<NodeId, DetectorNode>();
  readonly #cuts = new Set<string>();

  constructor({ seed, options, loss = 0 }: DetectorClusterOptions) {
    this.seed = seed;
    this.#options = { ...DEFAULT_MEMBERSHIP, ...options };
    this.loss = loss;
    this.#random = streamOf(seed, 'member network');
  }

  /** By name, the dead included. */
  get nodes(): readonly DetectorNode[] {
    return [...this.#nodeById.values()];
  }

  node(name: string): DetectorNode {
    const node = this.#nodeById.get(name as NodeId);
    if (node === undefined) throw new Error(`there is no member ${name}`);
    return node;
  }

  /** A new process of that name; it knows `records`, and is linked with all that live. */
  start(name: string, facts: Partial<MemberFacts> = {}, records: readonly Update[] = []): DetectorNode {
    const node = this.#add(name as NodeId, facts);
    node.membership.restore(records);
    node.membership.start();
    for (const other of this.nodes) if (other !== node && other.isAlive) this.link(node, other);
    return node;
  }

  /** `count` of them, that know each other from the start. */
  startAll(count: number): readonly DetectorNode[] {
    const names = Array.from(
      { length: count },
      (_, number) => `n${String(number).padStart(4, '0')}` as NodeId,
    );
    const records = names.flatMap((nodeId) => this.#add(nodeId).membership.told.records());
    for (const node of this.nodes) {
      node.membership.restore(records.filter(({ nodeId }) => nodeId !== node.nodeId));
      node.membership.start();
    }
    return this.nodes;
  }

  #add(nodeId: NodeId, facts: Partial<MemberFacts> = {}): DetectorNode {
    const own = {
      address: `${nodeId}:7000`,
      version: '1.0.0',
      protocolVersion: 2,
      metadata: new Uint8Array(0),
    };
    const node = new DetectorNode(this, nodeId, { ...own, ...facts }, this.#options);
    this.#nodeById.set(nodeId, node);
    return node;
  }

  /** Both ends learn that there is a link. */
  link(one: DetectorNode, other: DetectorNode): void {
    if (!this.isLinked(one.nodeId, other.nodeId)) return;
    one.membership.linkOpened(other.nodeId);
    other.membership.linkOpened(one.nodeId);
  }

  /** In one direction: nothing arrives any more; `isKnown`: there is no link, and the sender knows. */
  cut(from: string, to: string, isKnown: boolean = false): void {
    this.#cuts.add(cutOf(from, to, isKnown));
  }

  /** Every link is whole; those that were gone are opened anew. */
  heal(): void {
    const before = [...this.#cuts];
    this.#cuts.clear();
    for (const cut of before) {
      const [one, other] = cut.split(' ') as [string, string];
      this.link(this.node(one), this.node(other));
    }
  }

  isLinked(from: NodeId, to: NodeId): boolean {
    return this.#nodeById.has(to) && !this.#cuts.has(cutOf(from, to, true));
  }

  carry(from: NodeId, to: NodeId, message: MemberMessage): void {
    this.messages++;
    if (this.#cuts.has(cutOf(from, to, false)) || this.#random.fraction() < this.loss) return;
    const latencyMs = LATENCY_MS * (0.5 + this.#random.fraction());
    this.time.after(latencyMs, () => this.#nodeById.get(to)?.hear(from, message));
  }

  pass(ms: number): void {
    this.time.passAtOnce(this.time.nowMs + ms);
  }

  /** Until `isSo`, which is looked at every tenth of a second; how long it took, in milliseconds. */
  until(isSo: () => boolean, limitMs: number = 600_000): number {
    const startMs = this.time.nowMs;
    while (!isSo()) {
      if (this.time.nowMs - startMs > limitMs) throw new Error(`it is not so after ${limitMs} ms`);
      this.pass(100);
    }
    return this.time.nowMs - startMs;
  }
}

function cutOf(from: string, to: string, isKnown: boolean): string {
  return `${from} ${to} ${isKnown}`;
}
