/** A simulated machine: a disk, a clock, an address, and the process that runs on it, which is the production node. */

import { MemoryDisk } from '../adapters/memory-store.ts';
import { formatAddress } from '../adapters/address.ts';
import type { GossipMode } from '../gossip/mode.ts';
import type { Sampler } from '../gossip/partners.ts';
import type { GossipingNode } from '../node/gossiping-node.ts';
import type { LiveReplica } from '../node/live-replica.ts';
import { openMapAt } from '../node/open-map.ts';
import { checkNodeOptions } from '../node/options.ts';
import { startNode } from '../node/start-node.ts';
import type { Hash64 } from '../ports/hash64.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { SimulatedDisk } from './disk.ts';
import type { EventLog } from './event-log.ts';
import { MachineClock } from './machine-clock.ts';
import type { SimulatedNetwork } from './network.ts';
import { ProcessLife } from './process-life.ts';
import type { VirtualTime } from './virtual-time.ts';

export const PORT = 7000;

/** Whoever could not start is started again after so long, as by a supervisor. */
const RESTART_MS = 1000;

/** Settings of the cluster. */
export interface ClusterOptions {
  readonly tombstoneTtlMs: number;
  readonly maxDriftMs: number;
  /** `push-pull` if absent. */
  readonly mode?: GossipMode;
  /** On if absent. */
  readonly rumours?: boolean;
  readonly gossipIntervalMs: number;
  readonly gossipFanout: number;
  readonly sessionTimeoutMs: number;
  readonly auditIntervalMs: number;
  readonly scrubIntervalMs: number;
  readonly dotCacheBytes: number;
  readonly chunkBytes: number;
  /**
   * Nodes are told the names of so many machines, the same for all, and find the others as members; absent: they are told
   * of each other, and membership is off.
   */
  readonly seeds?: number | undefined;
  /** With whom members keep links; with all if absent. */
  readonly sampler?: Sampler;
}

export interface MachineDependencies {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly hash64: Hash64;
  /** A stream for each name. */
  readonly random: (name: string) => Random;
  readonly events: EventLog;
  readonly options: ClusterOptions;
  /** Hosts that this machine is told to dial, or their names. */
  readonly peersOf: (machine: Machine) => readonly string[];
  /** A process is about to open. */
  readonly onStarting: (machine: Machine) => void;
  readonly onStarted: (machine: Machine) => void;
  readonly onLog: (machine: Machine, level: keyof Log, message: string, fields: object) => void;
}

export interface RunningNode {
  readonly node: GossipingNode;
  readonly live: LiveReplica;
}

export class Machine {
  readonly name: string;
  readonly disk: SimulatedDisk;
  readonly clock: MachineClock;
  nodeId: string;
  /** No process starts here any more. */
  isGone = false;
  readonly #dependencies: MachineDependencies;
  #life: ProcessLife;
  /** What was told to leave last. */
  #leaving: ProcessLife | undefined;
  #running: RunningNode | undefined;
  #isWanted = false;
  #starts = 0;
  #host: string;
  #moves = 0;
  #slownessMs = 0;

  constructor(name: string, dependencies: MachineDependencies) {
    const { time, random } = dependencies;
    this.name = name;
    this.nodeId = name;
    this.#host = name;
    this.#dependencies = dependencies;
    this.disk = new SimulatedDisk(time, random(`disk of ${name}`));
    this.clock = new MachineClock(time);
    this.#life = new ProcessLife(time);
    this.#life.end();
  }

  /** While a process runs here and is open. */
  get running(): RunningNode | undefined {
    return this.#running;
  }

  get life(): ProcessLife {
    return this.#life;
  }

  /** There is to be a process; it may not be open yet. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** By which the others reach it. */
  get host(): string {
    return this.#host;
  }

  /** A name of its host, wherever it moves; a node looks it up whenever it dials. */
  get hostName(): string {
    return `seed-${this.name}`;
  }

  /** It is reached by `host` from its next start on; by one that no other machine ever had, if absent. */
  move(host: string = `${this.name}.${++this.#moves}`): void {
    this.#host = host;
  }

  /** What every event on it waits for besides its time. */
  get slownessMs(): number {
    return this.#slownessMs;
  }

  set slownessMs(ms: number) {
    this.#slownessMs = ms;
    this.#life.slownessMs = ms;
  }

  /** A process starts, and is tried again until it does. */
  start(): void {
    if (this.#isWanted || this.isGone) return;
    this.#isWanted = true;
    void this.#open();
  }

  /** An orderly stop; of a process that is not open yet, its end. Another one may be started meanwhile. */
  async stop(): Promise<void> {
    const running = this.#running;
    const life = this.#life;
    if (running === undefined) return this.crash(false);
    this.#isWanted = false;
    this.#running = undefined;
    try {
      await running.node.close();
    } catch (error) {
      this.#dependencies.events.note(this.name, `closed with an error: ${String(error)}`);
    }
    this.#end(life, false);
  }

  /** A node that is open says that it leaves, and closes. While it does, it counts as open. */
  async leave(): Promise<void> {
    const running = this.#running;
    const life = this.#life;
    if (running === undefined || this.#leaving === life) return;
    this.#leaving = life;
    try {
      await running.node.leave();
    } catch (error) {
      this.#dependencies.events.note(this.name, `left with an error: ${String(error)}`);
      if (!life.isOver) await this.crash(false);
    }
    if (life.isOver) return;
    this.#isWanted = false;
    this.#running = undefined;
    this.#end(life, false);
  }

  /** The process ends where it is. `silent`: the machine with it, so that nobody is told, and what was not synced may be gone. */
  async crash(silent: boolean): Promise<void> {
    this.#isWanted = false;
    this.#running = undefined;
    this.#end(this.#life, silent);
    await (silent ? this.disk.losePower() : this.disk.kill());
  }

  /** Its disk is empty from now on; the process must be gone. */
  async wipe(): Promise<void> {
    await this.disk.replaceBy(new MemoryDisk(), false);
  }

  #end(life: ProcessLife, silent: boolean): void {
    this.#dependencies.events.note(this.name, silent ? 'is off' : 'ends');
    this.#dependencies.network.end(life, silent);
    life.end();
  }

  async #open(): Promise<void> {
    const { time, network, hash64, random, events, peersOf, onStarting, onStarted } = this.#dependencies;
    const { chunkBytes, seeds, ...settings } = this.#dependencies.options;
    const life = new ProcessLife(time);
    life.slownessMs = this.#slownessMs;
    this.#life = life;
    const start = ++this.#starts;
    events.note(this.name, `starts as ${this.nodeId} at ${this.host}`);
    onStarting(this);
    const checked = checkNodeOptions({
      dir: this.name,
      nodeId: this.nodeId,
      clusterId: 'simulation',
      listen: formatAddress(this.host, PORT),
      insecureNetwork: true,
      membership: seeds !== undefined,
      peers: peersOf(this).map((host) => formatAddress(host, PORT)),
      log: this.#log(life),
      compression: 'never',
      ...settings,
    });
    const ports = {
      clock: this.clock.of(life),
      random: random(`process ${start} of ${this.name}`),
      hash64,
    };
    try {
      const home = await this.disk.home(this.name, life);
      const opened = await openMapAt(home, checked, ports);
      network.name(this.hostName, this.host);
      const transport = network.transport(this.name, this.host, life);
      const node = await startNode(
        opened,
        checked,
        { ...ports, transport, compressor: undefined },
        chunkBytes,
      );
      this.#running = { node, live: opened.live };
      void node.stopped.then((error) => {
        if (error !== undefined) this.#failed(life, error);
      });
      onStarted(this);
    } catch (error) {
      this.#failed(life, error);
    }
  }

  /** The process ended by itself. */
  #failed(life: ProcessLife, error: unknown): void {
    const { time, events } = this.#dependencies;
    if (life.isOver) return;
    events.note(this.name, `cannot go on: ${String(error)}`);
    this.#end(life, false);
    if (this.#life !== life) return;
    this.#running = undefined;
    time.after(RESTART_MS, () => {
      if (this.#isWanted && this.#life === life) void this.#open();
    });
  }

  #log(life: ProcessLife): Log {
    const { events, onLog } = this.#dependencies;
    const method =
      (level: keyof Log) =>
      (fields: object, message: string): void => {
        if (life.isOver) return;
        if (level !== 'debug') events.note(this.name, `${level}: ${message} ${JSON.stringify(fields)}`);
        onLog(this, level, message, fields);
      };
    return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
  }
}
