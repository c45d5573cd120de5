/** Leaving: every member is told by this node itself, and acknowledges it. */

import type { NodeId } from '../core/actor.ts';
import type { ListeningTime } from './listening-time.ts';
import type { MemberNetwork } from './member-network.ts';
import type { Update } from './member.ts';
import type { Sequences } from './sequences.ts';

export interface DepartureDependencies {
  readonly time: ListeningTime;
  readonly network: MemberNetwork;
  readonly sequences: Sequences;
}

export class Departure {
  readonly #dependencies: DepartureDependencies;
  readonly #memberBySequence = new Map<number, NodeId>();
  #finish: () => void = () => {};

  constructor(dependencies: DepartureDependencies) {
    this.#dependencies = dependencies;
  }

  /** Resolves when all who could be told have acknowledged, or after `timeoutMs`. */
  tell(members: readonly NodeId[], record: Update, timeoutMs: number): Promise<void> {
    const { time, network, sequences } = this.#dependencies;
    for (const member of members) {
      if (!network.isLinked(member)) continue;
      const sequence = sequences.next();
      this.#memberBySequence.set(sequence, member);
      network.send(member, { type: 'ping', sequence, updates: [record] });
    }
    if (this.#memberBySequence.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = time.after(timeoutMs, resolve);
      this.#finish = () => {
        cancel();
        resolve();
      };
    });
  }

  ack(from: NodeId, sequence: number): void {
    if (this.#memberBySequence.get(sequence) !== from) return;
    this.#memberBySequence.delete(sequence);
    if (this.#memberBySequence.size === 0) this.#finish();
  }
}
