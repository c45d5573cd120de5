/**
 * A suspect has time to refute (SWIM, section 4.2): much at first, and less with each member that comes to the same
 * independently (Dadgar et al. 2018, LHA-Suspicion), since the first accuser may be the one that is ill.
 */

import type { NodeId } from '../core/actor.ts';

/** Lifeguard's alpha, beta and K, as it is configured in the paper's section V. */
const ALPHA = 5;
const BETA = 6;
const CONFIRMATIONS_MAX = 3;

export interface SuspicionSpan {
  readonly minMs: number;
  readonly maxMs: number;
  /** So many confirmations, beside the first accuser, bring it down to `minMs`. */
  readonly confirmations: number;
}

/** In a cluster of `members` live ones. `isDynamic`: else the time is the shortest from the beginning, as in SWIM. */
export function suspicionSpan(members: number, probeIntervalMs: number, isDynamic: boolean): SuspicionSpan {
  const minMs = ALPHA * Math.max(1, Math.log10(members)) * probeIntervalMs;
  // Neither the suspect nor the first accuser confirms.
  const confirmations = isDynamic ? Math.max(0, Math.min(CONFIRMATIONS_MAX, members - 2)) : 0;
  return { minMs, maxMs: confirmations === 0 ? minMs : BETA * minMs, confirmations };
}

/** Falls with the logarithm of the confirmations: the first one counts most. */
export function suspicionTimeoutMs(
  { minMs, maxMs, confirmations }: SuspicionSpan,
  confirmed: number,
): number {
  if (confirmations === 0) return minMs;
  const share = Math.log(confirmed + 1) / Math.log(confirmations + 1);
  return Math.max(minMs, maxMs - (maxMs - minMs) * share);
}

export class Suspicion {
  readonly #span: SuspicionSpan;
  readonly #accusers: Set<NodeId>;
  /** The last whose word counted. */
  accuser: NodeId;

  constructor(span: SuspicionSpan, accuser: NodeId) {
    this.#span = span;
    this.#accusers = new Set([accuser]);
    this.accuser = accuser;
  }

  /** From its begin. */
  get timeoutMs(): number {
    return suspicionTimeoutMs(this.#span, this.#accusers.size - 1);
  }

  /** Whether that was news, and brings its end closer. */
  confirm(accuser: NodeId): boolean {
    if (this.#accusers.size > this.#span.confirmations || this.#accusers.has(accuser)) return false;
    this.#accusers.add(accuser);
    this.accuser = accuser;
    return true;
  }
}
