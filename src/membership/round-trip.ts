/** How long one member takes to answer, smoothed, and how long to wait for it (Jacobson 1988; RFC 6298). */

/** RFC 6298, section 2. */
const ALPHA = 1 / 8;
const BETA = 1 / 4;
const DEVIATIONS = 4;

/** Of the probe interval. Below it a pause of the garbage collector would cost a round of helpers. */
const SHORTEST = 1 / 10;
/** Of the probe interval, and where nothing was measured: the other half is left to the helpers. */
const LONGEST = 1 / 2;

export class RoundTrip {
  #smoothedMs: number | undefined;
  #deviationMs = 0;

  /** `undefined` before the first measurement. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  measured(ms: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = ms;
      this.#deviationMs = ms / 2;
      return;
    }
    this.#deviationMs += BETA * (Math.abs(ms - this.#smoothedMs) - this.#deviationMs);
    this.#smoothedMs += ALPHA * (ms - this.#smoothedMs);
  }

  timeoutMs(probeIntervalMs: number): number {
    const longestMs = LONGEST * probeIntervalMs;
    if (this.#smoothedMs === undefined) return longestMs;
    const ms = this.#smoothedMs + DEVIATIONS * this.#deviationMs;
    return Math.min(longestMs, Math.max(SHORTEST * probeIntervalMs, ms));
  }
}
