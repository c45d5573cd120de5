/** Disks, ledgers and histories made by hand, of one actor or a few. */

import { EPOCH_MS } from '../../../src/simulation/machine-clock.ts';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import { type Actor, makeActor, type NodeId } from '../../../src/core/actor.ts';
import { SUM_ZERO, type Sum } from '../../../src/core/context.ts';
import type { Dot } from '../../../src/core/entry.ts';
import { addSum, Fingerprints } from '../../../src/core/fingerprint.ts';
import { retirementOf } from '../../../src/core/retirement.ts';
import { type Version, VERSION_ZERO, versionAt } from '../../../src/core/version.ts';
import {
  type DiskState,
  type PresentEntry,
  retirementsIn,
  type SeenRow,
} from '../../../src/simulation/checker/disk-state.ts';
import { Fate } from '../../../src/simulation/checker/fate.ts';
import { KnownEntries } from '../../../src/simulation/checker/known-entries.ts';
import { Ledger, type Written } from '../../../src/simulation/checker/ledger.ts';
import { NOTHING_SEEN, type WriterSeen } from '../../../src/simulation/checker/writer-seen.ts';

export const TTL_MS = 20_000;
export const fingerprints: Fingerprints = new Fingerprints(await createHash64());

/** The `number`-th version of the run; a thousand are a second. */
export function v(number: number): Version {
  return versionAt(EPOCH_MS + number);
}

export function actorOf(nodeId: string): Actor {
  return makeActor(nodeId as NodeId, v(0), 1);
}

/** Nothing was asked for yet; what is as old as `v(10)` may have been collected. */
export function begin(): { readonly ledger: Ledger; readonly known: KnownEntries; readonly fate: Fate } {
  const ledger = new Ledger();
  const known = new KnownEntries(ledger);
  ledger.onAcknowledged = (written) => known.acknowledged(written, 1);
  const fate = new Fate(ledger, known, TTL_MS);
  fate.wallMsMax = EPOCH_MS + 10 + TTL_MS;
  return { ledger, known, fate };
}

export interface MadeEntry {
  readonly by: string;
  readonly at: number;
  readonly value?: string;
  readonly expiresAt?: number;
  /** Of its batch: `v(first)` to `v(last)`. */
  readonly first?: number;
  readonly last?: number;
}

export function entryOf(
  key: string,
  { by, at, value, expiresAt, first = at, last = at }: MadeEntry,
): PresentEntry {
  const [actor, version] = [actorOf(by), v(at)];
  return {
    key,
    actor,
    version,
    first: v(first),
    last: v(last),
    tombstone: value === undefined,
    value,
    expiresAt,
    sum: fingerprints.entry(actor, version, new TextEncoder().encode(key)),
  };
}

export interface MadeRow {
  readonly received?: number;
  readonly closed?: number;
  readonly cloud?: readonly number[];
  readonly predecessor?: { readonly of: string; readonly closed: number };
}

export interface MadeDisk {
  readonly entries?: Readonly<Record<string, MadeEntry>>;
  readonly rows?: Readonly<Record<string, MadeRow>>;
  readonly horizon?: number;
  /** Nodes that are gone for ever, each with how far its retirement is closed. */
  readonly retired?: Readonly<Record<string, number>>;
}

/** Sums add up, as on every sound disk. */
export function diskOf({ entries = {}, rows = {}, horizon, retired = {} }: MadeDisk): DiskState {
  const present = Object.entries(entries).map(([key, entry]) => entryOf(key, entry));
  const made = [
    ...Object.entries(rows).map(([nodeId, row]) => rowOf(actorOf(nodeId), row, present)),
    ...Object.entries(retired).map(([nodeId, upTo]) =>
      rowOf(retirementOf(nodeId as NodeId), { received: upTo }, []),
    ),
  ];
  const sumOf = (some: readonly PresentEntry[]): Sum =>
    some.reduce((sum, entry) => addSum(sum, entry.sum), SUM_ZERO);
  return {
    entryByKey: new Map(present.map((entry) => [entry.key, entry])),
    rowByActor: new Map(made.map((row) => [row.actor, row])),
    retiredAt: retirementsIn(made),
    node: {
      horizon: horizon === undefined ? VERSION_ZERO : v(horizon),
      all: sumOf(present),
      permanent: sumOf(present.filter(({ tombstone, expiresAt }) => !tombstone && expiresAt === undefined)),
      nextActorNo: made.length,
      ownActor: undefined,
      lastFloor: VERSION_ZERO,
      bootstrapping: false,
      damaged: false,
      healing: false,
      unindexed: false,
      uncounted: false,
      drops: 0,
      droppedAt: VERSION_ZERO,
    },
    damaged: 0,
  };
}

function rowOf(
  actor: Actor,
  { received = 0, closed = received, cloud = [], predecessor }: MadeRow,
  present: readonly PresentEntry[],
): SeenRow {
  const cloudVersions = new Set(cloud.map(v));
  const sumOf = (versions: Iterable<Version>): Sum =>
    [...versions].reduce((sum, version) => addSum(sum, fingerprints.dot(actor, version)), SUM_ZERO);
  const loose = present.filter(
    (entry) => entry.actor === actor && entry.version > v(received) && !cloudVersions.has(entry.version),
  );
  return {
    actor,
    received: v(received),
    closed: v(closed),
    cloud: sumOf(cloudVersions),
    loose: sumOf(loose.map(({ version }) => version)),
    predecessor: predecessor && { actor: actorOf(predecessor.of), closed: v(predecessor.closed) },
    cloudVersions,
  };
}

export interface MadeWrite extends Omit<MadeEntry, 'at'> {
  /** When it was asked for, and its version if it was acknowledged. */
  readonly at: number;
  readonly seen?: WriterSeen;
}

export function ask(
  ledger: Ledger,
  key: string,
  { by, at, value, expiresAt, seen = NOTHING_SEEN }: MadeWrite,
): Written {
  const askedWallMs = EPOCH_MS + at;
  return ledger.asked({
    machine: by,
    nodeId: by,
    key,
    value,
    expiresAt,
    askedAtMs: at,
    askedWallMs,
    seen,
  });
}

/** Asked for, and acknowledged. */
export function write(ledger: Ledger, key: string, made: MadeWrite): Written {
  const written = ask(ledger, key, made);
  const dot: Dot = { actor: actorOf(made.by), version: v(made.at) };
  ledger.acknowledged([written], [dot]);
  return written;
}

/** What somebody has seen whose disk is this one. */
export function seenOn(disk: DiskState, key: string): WriterSeen {
  const { rowByActor, retiredAt } = disk;
  return { rowByActor, retiredAt, present: disk.entryByKey.get(key), isHealing: false };
}
