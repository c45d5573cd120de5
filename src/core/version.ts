/** Versions: hybrid logical clocks in one safe integer (Kulkarni et al. 2014, "Logical Physical Clocks"). */

declare const versionBrand: unique symbol;

/**
 * Milliseconds since 2020-01-01T00:00Z times 4096, plus a 12-bit counter. 0 is before every write; 41 bits of
 * milliseconds last until 2089.
 */
export type Version = number & { readonly [versionBrand]: true };

/** 2020-01-01T00:00Z in milliseconds since 1970. Written to disk and wire: never to be changed. */
export const EPOCH_MS = 1_577_836_800_000;

/** Versions in one millisecond: 2^12. Written to disk and wire: never to be changed. */
export const VERSIONS_PER_MS = 4096;

export const VERSION_MAX: Version = Number.MAX_SAFE_INTEGER as Version;

export const VERSION_ZERO: Version = 0 as Version;

export function isVersion(value: unknown): value is Version {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The lowest version of the millisecond `wallMs` (since 1970); 0 before 2020, the largest one after 2089. */
export function versionAt(wallMs: number): Version {
  const sinceEpochMs = Math.floor(wallMs) - EPOCH_MS;
  return Math.min(Math.max(0, sinceEpochMs * VERSIONS_PER_MS), VERSION_MAX) as Version;
}

/** Milliseconds since 1970 of `version`. */
export function wallMsOf(version: Version): number {
  return Math.floor(version / VERSIONS_PER_MS) + EPOCH_MS;
}

/** The next version after `last` at a wall clock that shows `wallMs`: `max(last + 1, now)`. */
export function tick(last: Version, wallMs: number): Version {
  return Math.max(last + 1, versionAt(wallMs)) as Version;
}

export function maxVersion(a: Version, b: Version): Version {
  return a > b ? a : b;
}
