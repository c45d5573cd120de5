/** All of a simulated cluster: its time, its network, its machines; one seed, one course of things. */

import type { Hash64 } from '../ports/hash64.ts';
import type { Random } from '../ports/random.ts';
import { AbsentMachine } from './absent-machine.ts';
import { defectIn } from './defects.ts';
import { EventLog } from './event-log.ts';
import { type ClusterOptions, Machine, type MachineDependencies } from './machine.ts';
import { SimulatedNetwork } from './network.ts';
import { streamOf } from './streams.ts';
import { VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Numbers of machines that are never there. */
  readonly absent?: readonly number[];
  readonly options: ClusterOptions;
  readonly hash64: Hash64;
  /** Each line of the event log, for people. */
  readonly print?: ((line: string) => void) | undefined;
  /** Machines whose addresses a machine is told; all others if absent. */
  readonly peersOf?: ((machine: number) => readonly number[]) | undefined;
}

export class World {
  readonly seed: number;
  readonly time: VirtualTime = new VirtualTime();
  readonly events: EventLog;
  readonly network: SimulatedNetwork;
  /** Those that are there. */
  readonly machines: Machine[] = [];
  /** Machines beside them, with copies of their disks and under their names, for a while. */
  readonly clones: Machine[] = [];
  /** Machines that were there, and are gone for good. */
  readonly gone: Machine[] = [];
  /** By the numbers that plans use, with those that are absent. */
  readonly #numbered: Machine[] = [];
  readonly options: ClusterOptions;
  readonly hash64: Hash64;
  readonly #peersOf: WorldOptions['peersOf'];
  #cloned = 0;
  #reached = 0;
  onStarting: (machine: Machine) => void = () => {};
  /** Each is told when a process is open. */
  readonly onStarted: ((machine: Machine) => void)[] = [];
  onLog: MachineDependencies['onLog'] = () => {};
  /** Called between two events; nothing goes on until it is through. */
  afterEvent: () => Promise<void> = () => Promise.resolve();

  constructor({ seed, nodes, absent, options, hash64, print, peersOf }: WorldOptions) {
    this.seed = seed;
    this.options = options;
    this.events = new EventLog(this.time, print);
    this.network = new SimulatedNetwork(this.time, this.random('network'), this.events);
    this.hash64 = hash64;
    this.#peersOf = peersOf;
    for (let number = 0; number < nodes; number++) {
      const isAbsent = absent?.includes(number) ?? false;
      const machine = this.#machine(`n${number}`, number, isAbsent);
      this.#numbered.push(machine);
      if (!isAbsent) this.machines.push(machine);
    }
  }

  /** A stream of chance of its own for each name. */
  random(name: string): Random {
    return streamOf(this.seed, name);
  }

  /** As a plan numbers them: it may be one that is absent. */
  machine(number: number): Machine {
    return this.#numbered[number] as Machine;
  }

  /** A machine with the name of the node on `machine`, to be given a copy of its disk, and to be started. */
  addClone(machine: Machine): Machine {
    const clone = this.#machine(`${machine.name}c${++this.#cloned}`, this.#numbered.indexOf(machine), false);
    clone.nodeId = machine.nodeId;
    this.clones.push(clone);
    return clone;
  }

  /** Whom a user reaches by the name of a machine: it, or, every other time, a clone of it that runs. */
  reached(machine: Machine): Machine {
    const clone = this.clones.find(
      ({ nodeId, running }) => nodeId === machine.nodeId && running !== undefined,
    );
    return clone !== undefined && this.#reached++ % 2 === 0 ? clone : machine;
  }

  removeClone(clone: Machine): void {
    this.clones.splice(this.clones.indexOf(clone), 1);
  }

  /** It has no process, and none ever starts there again. */
  removeForGood(machine: Machine): void {
    machine.isGone = true;
    this.machines.splice(this.machines.indexOf(machine), 1);
    this.gone.push(machine);
  }

  startAll(): void {
    for (const machine of this.machines) machine.start();
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const endMs = this.time.nowMs + ms;
    while (await this.time.step(endMs)) await this.afterEvent();
  }

  /** Lets time pass until `isSo`, looked at every `everyMs`, at most `withinMs`; how long it took, or `undefined`. */
  async until(isSo: () => boolean, everyMs: number, withinMs: number): Promise<number | undefined> {
    const startMs = this.time.nowMs;
    while (this.time.nowMs - startMs < withinMs) {
      if (isSo()) return this.time.nowMs - startMs;
      await this.pass(everyMs);
    }
    return isSo() ? withinMs : undefined;
  }

  /** Lets time pass until `work` is settled. */
  async through(work: Promise<void>): Promise<void> {
    const state = { isThrough: false };
    const settled = (): void => void (state.isThrough = true);
    work.then(settled, settled);
    while (!state.isThrough) await this.pass(1);
    await work;
  }

  /** The machines whose processes are open. */
  running(): Machine[] {
    return this.machines.filter(({ running }) => running !== undefined);
  }

  /** All processes are open, and hold and have seen the same, on disk. */
  agree(): boolean {
    const states = this.machines.map(({ running, disk }) => {
      const replica = running?.live.current;
      if (replica === undefined || running?.live.outage !== undefined || replica.fenced !== undefined)
        return undefined;
      if (disk.isWriting) return undefined;
      return `${replica.contextHash()} ${replica.fingerprint().sum} ${replica.isBootstrapping()} ${replica.isHealing()}`;
    });
    return new Set(states).size <= 1 && !states.includes(undefined);
  }

  /** Orderly stops of all. */
  async end(): Promise<void> {
    for (const machine of [...this.machines, ...this.clones])
      if (machine.running !== undefined) await this.through(machine.stop());
  }

  /** `number`: the one of the machines whose place it has. */
  #machine(name: string, number: number, isAbsent: boolean): Machine {
    return new (isAbsent ? AbsentMachine : Machine)(name, {
      time: this.time,
      network: this.network,
      hash64: this.hash64,
      random: (stream) => this.random(stream),
      events: this.events,
      options: this.options,
      peersOf: (asking) => {
        const { seeds } = this.options;
        if (seeds !== undefined) return this.machines.slice(0, seeds).map(({ hostName }) => hostName);
        const known = this.#peersOf?.(number).map((other) => this.machine(other)) ?? this.machines;
        return known
          .filter((other) => other !== asking && this.machines.includes(other))
          .map(({ host }) => host);
      },
      onStarting: (starting) => this.onStarting(starting),
      onStarted: (started) => this.onStarted.forEach((told) => told(started)),
      onLog: (...line) => {
        const [machine, level, message, fields] = line;
        const defect = defectIn(level, message, fields);
        if (defect !== undefined) this.time.fail(new Error(`${machine.name} logged a defect: ${defect}`));
        this.onLog(...line);
      },
    });
  }
}
