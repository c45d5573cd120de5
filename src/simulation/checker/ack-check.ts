/**
 * Write concern (W1): when a write is answered, as many nodes hold it as the answer says, and each holds it so that a loss of
 * power does not take it. Disks are read past the nodes. Whoever lost its disk since it was asked for may have held it.
 */

import type { Dot } from '../../core/entry.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { BrokenPromise } from './broken-promise.ts';
import { type DiskReader, hasSeen } from './disk-state.ts';

export interface Acked {
  /** Of one write. */
  readonly held: readonly { readonly dot: Dot; readonly key: string }[];
  /** How many nodes hold it, as it was answered. */
  readonly acks: number;
  readonly askedAtMs: number;
}

export interface AckCheckOptions {
  readonly world: World;
  readonly reader: DiskReader;
  /** Whether what it holds is another thing than its node takes it for, or soon will be. */
  readonly mayFall: (machine: Machine) => boolean;
  readonly meet: (error: unknown) => void;
}

export class AckCheck {
  readonly #options: AckCheckOptions;
  /** By node: when it last lost something that it had held. */
  readonly #fellAtMs = new Map<string, number>();

  constructor(options: AckCheckOptions) {
    this.#options = options;
  }

  /** What its disk held is less now. */
  fell({ nodeId }: Machine): void {
    this.#fellAtMs.set(nodeId, this.#options.world.time.nowMs);
  }

  /** Whether its disk has lost something since then. */
  hasFallen({ nodeId }: Machine, sinceMs: number): boolean {
    return (this.#fellAtMs.get(nodeId) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** `machine` was told so just now. What is broken is met. */
  async check(machine: Machine, { held, acks, askedAtMs }: Acked): Promise<void> {
    const { world, meet, mayFall } = this.#options;
    const nodes = new Set(
      [...this.#fellAtMs].flatMap(([nodeId, atMs]) => (atMs >= askedAtMs ? [nodeId] : [])),
    );
    for (const other of [...world.machines, ...world.clones])
      if (mayFall(other) || (await this.#holds(other, held))) nodes.add(other.nodeId);
    if (nodes.size >= acks) return;
    const what = `${acks} nodes are said to hold a write, and ${nodes.size} do`;
    meet(new BrokenPromise('W1', what, { machine: machine.name, atMs: world.time.nowMs, ...held[0] }));
  }

  async #holds({ disk }: Machine, held: Acked['held']): Promise<boolean> {
    const state = this.#options.reader.read(await disk.recordsThatStay());
    return held.every(({ dot, key }) => hasSeen(state, dot, key));
  }
}
