/**
 * What a node holds of an aggregate that is being computed: masses, whose totals over all nodes stay the same whatever is
 * moved between them (Kempe et al. 2003, "mass conservation"), and extremes, which only spread.
 */

/** Moved between nodes; what one loses, another gains. */
export interface Mass {
  /** Over all nodes: the sum of the values. */
  readonly sum: number;
  /** Over all nodes: how many have a value. */
  readonly contributors: number;
  /** Over all nodes: 1. The node that asked begins with all of it. */
  readonly weight: number;
}

/** Infinite, and the wrong way round, where no node had a value. */
export interface Extremes {
  readonly minimum: number;
  readonly maximum: number;
}

export interface Share extends Mass, Extremes {}

/** What an aggregate comes to. The last three are absent where no node has a value. */
export interface Aggregate {
  /** Nodes that have a value. */
  readonly count: number;
  readonly sum: number;
  readonly average?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export const NOTHING: Mass = { sum: 0, contributors: 0, weight: 0 };

/** Of a node as it begins to take part; `value`: absent, it has none. */
export function firstShare(value: number | undefined, hasAsked: boolean): Share {
  const weight = hasAsked ? 1 : 0;
  return value === undefined
    ? { ...NOTHING, weight, minimum: Number.POSITIVE_INFINITY, maximum: Number.NEGATIVE_INFINITY }
    : { sum: value, contributors: 1, weight, minimum: value, maximum: value };
}

/** What has to go from `from` to `to` so that both hold the same: push-pull averaging (Jelasity et al. 2005, section 3). */
export function transfer(from: Mass, to: Mass): Mass {
  return scaled(plus(from, scaled(to, -1)), 1 / 2);
}

export function plus(one: Mass, other: Mass): Mass {
  return {
    sum: one.sum + other.sum,
    contributors: one.contributors + other.contributors,
    weight: one.weight + other.weight,
  };
}

export function scaled({ sum, contributors, weight }: Mass, by: number): Mass {
  return { sum: sum * by, contributors: contributors * by, weight: weight * by };
}

export function extremesOf(one: Extremes, other: Extremes): Extremes {
  return {
    minimum: Math.min(one.minimum, other.minimum),
    maximum: Math.max(one.maximum, other.maximum),
  };
}

/** What `share` says of all nodes; `undefined` if nothing yet, since no weight has come here. */
export function estimate({ sum, contributors, weight, minimum, maximum }: Share): Aggregate | undefined {
  if (!(weight > 0)) return undefined;
  const count = Math.round(contributors / weight);
  if (count === 0 || !(contributors > 0)) return { count: 0, sum: 0 };
  return { count, sum: rounded(sum / weight), average: rounded(sum / contributors), minimum, maximum };
}

/** Moving masses leaves whole numbers off by some ulps. It is good to fewer digits than these. */
function rounded(number: number): number {
  return Number(number.toPrecision(12));
}
