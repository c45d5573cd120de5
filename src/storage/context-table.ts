/**
 * The causal context in memory: one row for each actor with the dots of its cloud, and the hash over all rows, a sum
 * kept up to date row by row so that it can leave any of them out.
 */

import { type Actor, birthOf, type NodeId, nodeIdOf } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import {
  type FullRow,
  isTrivial,
  type Predecessor,
  type Row,
  SUM_ZERO,
  type Sum,
  unknownRow,
} from '../core/context.ts';
import { addSum, type Fingerprints, subtractSum } from '../core/fingerprint.ts';
import type { Dot } from '../core/entry.ts';
import { headsOf } from '../core/heads.ts';
import { isRetirement, rowlessRow, speaksFor } from '../core/retirement.ts';
import { maxVersion, type Version, VERSION_ZERO } from '../core/version.ts';
import type { IndexFacts } from './row-record.ts';

const NO_VERSIONS: ReadonlySet<Version> = new Set();

/** A row that changes in place. `no` is the actor's local number. */
export class LiveRow implements Row, IndexFacts {
  readonly no: number;
  readonly actor: Actor;
  readonly isRetirement: boolean;
  received: Version;
  closed: Version;
  cloud: Sum = SUM_ZERO;
  loose: Sum = SUM_ZERO;
  predecessor: Predecessor | undefined = undefined;
  indexed: Version = VERSION_ZERO;
  pairs = 0;
  live = 0;
  /** Absent where there are none: most rows are of runs that are over, and seen whole. */
  #cloudVersions: Set<Version> | undefined;
  /** There is a record of it, from this run. */
  wasWritten = false;
  /** What the row adds to the context hash, as of the last `settle`. */
  hash: bigint = 0n;
  /** Monotonic time of the last change in this run. */
  movedAtMs: number = Number.NEGATIVE_INFINITY;

  constructor(no: number, { actor, received, closed }: Row) {
    this.no = no;
    this.actor = actor;
    this.isRetirement = isRetirement(actor);
    this.received = received;
    this.closed = closed;
  }

  /** R2: whether the dot was seen, apart from being present. */
  hasSeen(version: Version): boolean {
    return version <= this.received || (this.#cloudVersions?.has(version) ?? false);
  }

  get cloudVersions(): ReadonlySet<Version> {
    return this.#cloudVersions ?? NO_VERSIONS;
  }

  addCloudVersion(version: Version): void {
    this.#cloudVersions ??= new Set();
    this.#cloudVersions.add(version);
  }

  removeCloudVersion(version: Version): void {
    this.#cloudVersions?.delete(version);
    if (this.#cloudVersions?.size === 0) this.#cloudVersions = undefined;
  }
}

export class ContextTable {
  readonly #fingerprints: Fingerprints;
  readonly #byActor = new Map<Actor, LiveRow>();
  readonly #byNo: LiveRow[] = [];
  #nextNo = 0;
  #hash = 0n;
  #cloudDots = 0;
  #looseDots = 0;
  readonly #unsettled = new Set<LiveRow>();
  /** How far all actors of nodes that are gone for ever are known (`core/retirement.ts`). */
  readonly #retiredByNode = new Map<NodeId, Version>();
  /** Copies, as of the last `settle`; absent until somebody asks. */
  #heads: readonly Row[] | undefined;

  constructor(fingerprints: Fingerprints) {
    this.#fingerprints = fingerprints;
  }

  get hash(): bigint {
    return this.#hash;
  }

  get size(): number {
    return this.#byActor.size;
  }

  get cloudDots(): number {
    return this.#cloudDots;
  }

  get looseDots(): number {
    return this.#looseDots;
  }

  /** Rows that the others do not imply. */
  heads(): readonly Row[] {
    this.#heads ??= headsOf(this.rows()).map(copyRow);
    return this.#heads;
  }

  /** Without those that the retirement of their node speaks for. */
  rows(): readonly LiveRow[] {
    const rows = [...this.#byActor.values()];
    return this.#retiredByNode.size === 0 ? rows : rows.filter((row) => !this.isRetired(row));
  }

  /** Of rows that moved since the monotonic time `sinceMs`; the latest first, at most `limit`. */
  movedSince(sinceMs: number, limit: number): readonly Actor[] {
    return this.rows()
      .filter((row) => row.movedAtMs >= sinceMs)
      .toSorted((a, b) => b.movedAtMs - a.movedAtMs)
      .slice(0, limit)
      .map(({ actor }) => actor);
  }

  ofNode(nodeId: NodeId): readonly LiveRow[] {
    return [...this.#byActor.values()].filter(({ actor }) => nodeIdOf(actor) === nodeId);
  }

  /** Whether the row says what the retirement of its node says, and no more. */
  isRetired(row: Row): boolean {
    if (this.#retiredByNode.size === 0) return false;
    return speaksFor(this.#retiredByNode.get(nodeIdOf(row.actor)), row);
  }

  /** Whether the row says nothing that is not known without it: it may be in memory only. */
  isSpare(row: LiveRow): boolean {
    return row.live === 0 && (isTrivial(row) || this.isRetired(row));
  }

  /** What was seen of an actor, also of one that has no row. */
  known(actor: Actor): Row {
    return this.#byActor.get(actor) ?? rowlessRow(actor, this.#retiredByNode.get(nodeIdOf(actor)));
  }

  /** R2: whether the dot was seen, apart from being present. */
  hasSeen({ actor, version }: Dot): boolean {
    return this.#byActor.get(actor)?.hasSeen(version) ?? version <= this.known(actor).received;
  }

  all(): Iterable<LiveRow> {
    return this.#byActor.values();
  }

  get(actor: Actor): LiveRow | undefined {
    return this.#byActor.get(actor);
  }

  byNo(no: number): LiveRow {
    const row = this.#byNo[no];
    assert(row !== undefined, 'a stored actor number has a row');
    return row;
  }

  isNo(no: number): boolean {
    return this.#byNo[no] !== undefined;
  }

  /** The number that the next new actor takes; kept on disk, so that a row that was lost does not give its number away. */
  get nextNo(): number {
    return this.#nextNo;
  }

  /** Numbers below `no` are taken. */
  reserve(no: number): void {
    this.#nextNo = Math.max(this.#nextNo, no);
  }

  /** The actor's row, made if it is not known; `no` is given when rows are loaded. */
  ensure(actor: Actor, no: number = this.#nextNo): LiveRow {
    const known = this.#byActor.get(actor);
    if (known !== undefined) return known;
    this.reserve(no + 1);
    const row = new LiveRow(no, this.known(actor));
    this.#byActor.set(actor, row);
    this.#byNo[no] = row;
    return row;
  }

  /** The name of an actor that has a row is kept once. */
  link(row: LiveRow, predecessor: Predecessor | undefined): void {
    const known = predecessor && this.#byActor.get(predecessor.actor);
    row.predecessor = predecessor && known ? { actor: known.actor, closed: predecessor.closed } : predecessor;
  }

  addCloud(row: LiveRow, version: Version): void {
    row.addCloudVersion(version);
    row.cloud = addSum(row.cloud, this.#fingerprints.dot(row.actor, version));
    this.#cloudDots++;
    this.#unsettled.add(row);
  }

  removeCloud(row: LiveRow, version: Version): void {
    row.removeCloudVersion(version);
    row.cloud = subtractSum(row.cloud, this.#fingerprints.dot(row.actor, version));
    this.#cloudDots--;
    this.#unsettled.add(row);
  }

  addLoose(row: LiveRow, version: Version): void {
    this.setLoose(row, addSum(row.loose, this.#fingerprints.dot(row.actor, version)));
  }

  removeLoose(row: LiveRow, version: Version): void {
    this.setLoose(row, subtractSum(row.loose, this.#fingerprints.dot(row.actor, version)));
  }

  setLoose(row: LiveRow, loose: Sum): void {
    this.#looseDots += loose.count - row.loose.count;
    row.loose = loose;
    this.#unsettled.add(row);
  }

  /** Both versions grow to at least these; dots of the cloud that are covered now are returned, and no longer in it. */
  advance(row: LiveRow, received: Version, closed: Version): Version[] {
    const covered: Version[] = [];
    if (received > row.received) {
      for (const version of row.cloudVersions) if (version <= received) covered.push(version);
      for (const version of covered) this.removeCloud(row, version);
    }
    row.received = maxVersion(row.received, received);
    row.closed = maxVersion(row.closed, closed);
    assert(row.closed <= row.received, 'closed is at most received');
    this.#changed(row);
    return covered;
  }

  /** Its local facts changed: it is to be written. */
  touch(row: LiveRow): void {
    this.#unsettled.add(row);
  }

  /** Brings the hash up to date with the rows that changed; returns them. */
  settle(monotonicMs: number): readonly LiveRow[] {
    const changed = [...this.#unsettled];
    for (const row of changed) {
      const hash = this.isRetired(row) ? 0n : this.#fingerprints.row(row);
      if (hash === row.hash) continue;
      this.#hash = BigInt.asUintN(64, this.#hash - row.hash + hash);
      row.hash = hash;
      row.movedAtMs = monotonicMs;
    }
    this.#unsettled.clear();
    if (changed.length > 0) this.#heads = undefined;
    return changed;
  }

  /** The hash without the rows of `actors`. */
  hashWithout(actors: readonly Actor[]): bigint {
    let hash = this.#hash;
    for (const actor of actors) hash -= this.#byActor.get(actor)?.hash ?? 0n;
    return BigInt.asUintN(64, hash);
  }

  /** A copy of the actor's row as of now, with its cloud; of an unknown actor what is known without a row. */
  fullRow(actor: Actor): FullRow {
    const row = this.#byActor.get(actor);
    if (row === undefined) return { ...this.known(actor), cloudVersions: [] };
    return { ...copyRow(row), cloudVersions: [...row.cloudVersions].toSorted((a, b) => a - b) };
  }

  /** R11: both versions fall to `limit`, never below the birth. Dots are the caller's. */
  cutBack(row: LiveRow, limit: Version): void {
    const floor = maxVersion(birthOf(row.actor), limit);
    row.received = Math.min(row.received, floor) as Version;
    row.closed = Math.min(row.closed, floor) as Version;
    this.#changed(row);
  }

  /** The row is known no more, and says nothing already; its number stays with it, for snapshots that refer to it. */
  remove(row: LiveRow): void {
    assert(row.live === 0 && row.loose.count + row.cloud.count === 0, 'only a row without dots goes');
    this.#hash = BigInt.asUintN(64, this.#hash - row.hash);
    this.#byActor.delete(row.actor);
    this.#unsettled.delete(row);
    this.#heads = undefined;
  }

  /** R8: the row says nothing any more but that these dots are present. */
  giveUp(row: LiveRow, loose: Sum): void {
    for (const version of row.cloudVersions) this.removeCloud(row, version);
    const unknown = unknownRow(row.actor);
    row.received = unknown.received;
    row.closed = unknown.closed;
    row.live = loose.count;
    this.setLoose(row, loose);
    this.#changed(row);
  }

  /** One of its versions may be another one: of a retirement that is what is known of all other actors of the node. */
  #changed(row: LiveRow): void {
    this.#unsettled.add(row);
    if (!row.isRetirement) return;
    const nodeId = nodeIdOf(row.actor);
    if (row.closed === VERSION_ZERO) this.#retiredByNode.delete(nodeId);
    else this.#retiredByNode.set(nodeId, row.closed);
    for (const other of this.ofNode(nodeId)) this.#unsettled.add(other);
  }
}

export function copyRow(row: Row): Row {
  const { actor, received, closed, cloud, loose, predecessor } = row;
  return { actor, received, closed, cloud, loose, predecessor };
}
