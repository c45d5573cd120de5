/** What `npm run detection` measures, as it is kept for the pictures and the page. */

export interface Latency {
  readonly nodes: number;
  /** Whole protocol periods until somebody probes a member that has died, on average. */
  readonly periodsToProbe: number;
  /** By the name of the detector: seconds after it died until the first suspects it, the first finds it down, and all do; medians. */
  readonly secondsByDetector: Readonly<
    Record<string, { readonly suspect: number; readonly down: number; readonly allDown: number }>
  >;
}

export interface FalsePositives {
  readonly slow: number;
  /** By the name of the detector: how often a member that is not slow was found down, at all members and at those not slow. */
  readonly byDetector: Readonly<Record<string, { readonly all: number; readonly atHealthy: number }>>;
}

export interface Figures {
  readonly detectors: readonly string[];
  readonly latencies: readonly Latency[];
  readonly falsePositives: {
    readonly nodes: number;
    readonly blockedMs: number;
    readonly openMs: number;
    readonly blocks: number;
    readonly bySlow: readonly FalsePositives[];
  };
}
