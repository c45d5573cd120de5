/**
 * How far a node trusts itself (Dadgar et al. 2018, "Lifeguard", section IV-A): the local health multiplier. One that
 * finds itself slow probes more rarely and waits longer, before it blames others.
 */

/** The paper's S: at worst everything takes nine times as long. Part of the protocol: helpers are told how long. */
export const LOCAL_HEALTH_MAX = 8;

export class LocalHealth {
  readonly #max: number;
  #score = 0;

  /** `max`: 0 switches it off. */
  constructor(max: number = LOCAL_HEALTH_MAX) {
    this.#max = max;
  }

  /** 0 is healthy. */
  get score(): number {
    return this.#score;
  }

  /** A positive `delta` is a sign of illness. */
  change(delta: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + delta));
  }

  scale(ms: number): number {
    return ms * (this.#score + 1);
  }
}
