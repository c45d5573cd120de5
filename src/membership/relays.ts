/** Probes for others: who cannot reach a member asks a few to try (SWIM, section 3.1). */

import type { NodeId } from '../core/actor.ts';
import type { ListeningTime } from './listening-time.ts';
import type { PingRequest } from './member-messages.ts';
import type { MemberNetwork } from './member-network.ts';
import type { Update } from './member.ts';
import type { Sequences } from './sequences.ts';

/** At once; who asks for more is not answered, as if it were lost. */
const RELAYS_MAX = 256;

/** Of the requester's timeout: so the nack arrives within it (Lifeguard, LHA-Probe). */
const NACK_AFTER = 0.8;

interface Relay {
  readonly requester: NodeId;
  /** The requester's number. */
  readonly sequence: number;
  readonly target: NodeId;
}

export interface RelaysDependencies {
  readonly time: ListeningTime;
  readonly network: MemberNetwork;
  readonly sequences: Sequences;
  /** What a message to this member carries. */
  readonly updatesFor: (member: NodeId) => readonly Update[];
}

export class Relays {
  readonly #dependencies: RelaysDependencies;
  readonly #relayBySequence = new Map<number, Relay>();

  constructor(dependencies: RelaysDependencies) {
    this.#dependencies = dependencies;
  }

  begin(requester: NodeId, { sequence, target, timeoutMs }: PingRequest): void {
    const { time, network, sequences, updatesFor } = this.#dependencies;
    if (this.#relayBySequence.size >= RELAYS_MAX) return;
    const nack = (): void => network.send(requester, { type: 'nack', sequence });
    if (!network.isLinked(target)) return nack();
    const own = sequences.next();
    network.send(target, { type: 'ping', sequence: own, updates: updatesFor(target) });
    this.#relayBySequence.set(own, { requester, sequence, target });
    time.after(NACK_AFTER * timeoutMs, () => {
      if (this.#relayBySequence.has(own)) nack();
    });
    // An answer that comes after the nack is passed on all the same.
    time.after(timeoutMs, () => void this.#relayBySequence.delete(own));
  }

  /** Whether it answers a probe for another, who is told. */
  ack(from: NodeId, sequence: number): boolean {
    const relay = this.#relayBySequence.get(sequence);
    if (relay === undefined || relay.target !== from) return false;
    this.#relayBySequence.delete(sequence);
    const { network, updatesFor } = this.#dependencies;
    const updates = updatesFor(relay.requester);
    network.send(relay.requester, { type: 'ack', sequence: relay.sequence, updates });
    return true;
  }
}
