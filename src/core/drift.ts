/** R11: what is accepted from clocks that run ahead. Each function answers for one limit, in units of `maxDriftMs`. */

import { type Version, versionAt, wallMsOf } from './version.ts';

/** A peer whose wall clock is more than 1 ahead: nothing is taken from it. */
export function isPeerAhead(peerWallMs: number, wallMs: number, maxDriftMs: number): boolean {
  return peerWallMs - wallMs > maxDriftMs;
}

/** A context, horizon, entry or batch more than 2 ahead is refused, and its session adopts nothing. */
export function receivedVersionMax(wallMs: number, maxDriftMs: number): Version {
  return versionAt(wallMs + 2 * maxDriftMs);
}

/** By how much the furthest of `versions` lies ahead, in milliseconds; negative if all lie in the past. */
export function aheadMsOf(versions: readonly Version[], wallMs: number): number {
  let furthest = 0;
  for (const version of versions) furthest = Math.max(furthest, version);
  return wallMsOf(furthest as Version) - wallMs;
}

/** Own writes above this are refused: 2.5 ahead. */
export function ownVersionMax(wallMs: number, maxDriftMs: number): Version {
  return versionAt(wallMs + Math.floor(2.5 * maxDriftMs));
}
