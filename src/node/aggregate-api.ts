/** The public face of aggregates over the nodes of a cluster. */

/** What an aggregate comes to over the nodes that have a value; the last three are absent where none has. */
export interface AggregateResult {
  /** Nodes that have a value, out of those that take part. */
  readonly count: number;
  readonly sum: number;
  readonly average?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * What this node contributes under a name: a finite number up to 2^53 - 1 either way; anything else, or a failure, for nothing
 * this time. Asked once for each aggregate that is computed, and to answer within a second or so.
 */
export type AggregateContribution = () => number | undefined | Promise<number | undefined>;
