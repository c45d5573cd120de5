/** Aggregates as users ask for them, and what every node contributes by itself. */

import { isNodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import type { AggregateContribution, AggregateResult } from './aggregate-api.ts';

/** What the surroundings of a node tell; absent in memory. */
export interface Surroundings {
  /** Of the node's folder on the disk. */
  readonly bytes: () => Promise<number>;
  /** Of the machine, by core. */
  readonly load: () => number;
}

/** What every node contributes. */
export const BUILT_IN = ['keys', 'bytes', 'load', 'lag'] as const;

interface Subject {
  readonly gossip: Gossip;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly surroundings: Surroundings | undefined;
}

export class Aggregates {
  readonly #gossip: Gossip;

  constructor({ gossip, replica, clock, surroundings }: Subject) {
    this.#gossip = gossip;
    const contributions: Record<(typeof BUILT_IN)[number], AggregateContribution> = {
      keys: () => replica.fingerprint().count,
      bytes: () => surroundings?.bytes(),
      load: () => surroundings?.load(),
      lag: () => longestLagMs(gossip, clock),
    };
    for (const name of BUILT_IN) gossip.aggregation.contribute(name, contributions[name]);
  }

  async ask(name: string): Promise<AggregateResult> {
    checkName(name);
    return this.#gossip.aggregation.ask(name);
  }

  contribute(name: string, contribution: AggregateContribution): () => void {
    checkName(name);
    if (BUILT_IN.some((builtIn) => builtIn === name))
      throw new BoatoError('INVALID_OPTION', `Every node contributes to ${JSON.stringify(name)} by itself.`);
    if (typeof contribution !== 'function')
      throw new BoatoError('INVALID_OPTION', 'A contribution must be a function.');
    return this.#gossip.aggregation.contribute(name, contribution);
  }
}

function checkName(name: unknown): void {
  if (isNodeId(name)) return;
  const message = 'The name of an aggregate must be 1 to 64 of the characters A-Z a-z 0-9 . _ -';
  throw new BoatoError('INVALID_OPTION', `${message}.`);
}

/** Behind whichever peer is furthest ahead; `undefined` if nothing was heard from any. */
function longestLagMs(gossip: Gossip, clock: Clock): number | undefined {
  const lags = gossip.peers().flatMap((record) => gossip.lag(record, clock.wallMs())?.lagMs ?? []);
  return lags.length === 0 ? undefined : Math.max(...lags);
}
