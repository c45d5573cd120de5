/** Entries: what the map holds for a key, and which of two of them wins (last writer wins). */

import type { Actor } from './actor.ts';
import type { Version } from './version.ts';

/** Unique to one entry in the whole cluster. */
export interface Dot {
  readonly actor: Actor;
  readonly version: Version;
}

/**
 * A value or a tombstone under a key. `first` and `last` are the versions at which its batch begins and ends; both are
 * the entry's own version if it was written alone.
 */
export interface Entry extends Dot {
  /** UTF-8, 1 to 1,024 bytes. */
  readonly key: Uint8Array;
  readonly first: Version;
  readonly last: Version;
  readonly tombstone: boolean;
  /** Packed by the edge, opaque here; empty for a tombstone. */
  readonly value: Uint8Array;
  /** Milliseconds since 1970; from then on the entry is a tombstone. */
  readonly expiresAt: number | undefined;
}

/**
 * Positive if `a` wins over `b`: the larger `(version, actor)`. Total over different dots, so a merge of any number of
 * entries has one outcome whatever their order.
 */
export function compareDots(a: Dot, b: Dot): number {
  if (a.version !== b.version) return a.version - b.version;
  return a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0;
}

/** A dot as the key of a `Map`. */
export function nameOfDot({ actor, version }: Dot): string {
  return `${actor} ${version}`;
}

/** Bytes of keys and values. */
export function payloadBytes(entries: readonly Pick<Entry, 'key' | 'value'>[]): number {
  return entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
}

/** Whether two entries were written in one atomic batch. */
export function isSameBatch(a: Entry, b: Entry): boolean {
  return a.actor === b.actor && a.last === b.last;
}

/** Whether the entry reads as present at `wallMs`. */
export function isLive(entry: Pick<Entry, 'tombstone' | 'expiresAt'>, wallMs: number): boolean {
  return !entry.tombstone && (entry.expiresAt === undefined || entry.expiresAt > wallMs);
}
