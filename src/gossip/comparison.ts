/**
 * The pulling side of a comparison (R9), a few keys a step.
 *
 * 1. Both sides fold a snapshot of their entries, and compare sums from the root down to the buckets that differ.
 * 2. The dots of those buckets are read on both sides in the order of their keys, side by side: neither is held whole.
 * 3. What differs is settled in that order, each key looked up again. Then the session's context is adopted.
 * 4. A fold that does not add up shows that its side is damaged. An entry that nothing explains shows that the server is.
 * 5. It is never resumed: begun again, it finds equal what was settled before.
 */

import { assert } from '../core/assert.ts';
import { depthFor, differingChildren, FAN_OUT } from '../core/bucket-tree.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { compareBytes } from '../core/bytes.ts';
import { equalSums } from '../core/context.ts';
import { aheadMsOf, receivedVersionMax } from '../core/drift.ts';
import { type Entry, nameOfDot } from '../core/entry.ts';
import type { Difference, DotScan, KeyDot, NewSession, PinnedState } from '../ports/replica.ts';
import { unpackChunk } from './chunk.ts';
import { plain } from './compressed.ts';
import { FETCH_KEYS_MAX, packDots, SUMS_NODES_MAX, unpackDots } from './comparison-lists.ts';
import { keepingAlive } from './keep-alive.ts';
import type { Failure, Reply } from './messages.ts';
import type { NewRequest } from './pending-requests.ts';
import type { PullDependencies } from './pull-session.ts';
import type { SessionPeer } from './session-peer.ts';

/** Told to a server of those that it has lost: one would do. */
const LOST_TOLD_MAX = 100;

const NO_BYTES = new Uint8Array(0);

/** A reply that ends the comparison: the session decides what follows. */
export class ComparisonFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** `more`: call again. `damaged`: this side is. `lossy`: the server is, and was told. `refused`: too far in the future. */
export type ComparisonStep = 'more' | 'adopted' | 'damaged' | 'lossy' | 'refused';

export interface ComparisonCounts {
  /** Own entries that were read, of how many. */
  read: number;
  total: number;
  /** Keys that differed and were settled. */
  settled: number;
  taken: number;
  dropped: number;
  kept: number;
}

export class Comparison {
  readonly counts: ComparisonCounts = { read: 0, total: 0, settled: 0, taken: 0, dropped: 0, kept: 0 };
  /** After `refused`: by how much it lies ahead of this node's clock, in milliseconds. */
  aheadMs = 0;
  readonly #dependencies: PullDependencies;
  readonly #peer: SessionPeer;
  readonly #session: NewSession;
  readonly #unexplained: KeyDot[] = [];
  /** Found to differ, not settled yet. */
  #unsettled: Difference[] = [];
  #isFound = false;
  #pinned: PinnedState | undefined;
  #differences: AsyncGenerator<Difference, void, undefined> | undefined;

  constructor(dependencies: PullDependencies, peer: SessionPeer, session: NewSession) {
    this.#dependencies = dependencies;
    this.#peer = peer;
    this.#session = session;
  }

  /** Folds, and finds the buckets that differ. */
  async begin(): Promise<'more' | 'damaged'> {
    const { replica, clock } = this.#dependencies;
    const { name, serverEntries } = this.#session;
    const pinned = await replica.beginComparison(this.#session);
    this.#pinned = pinned;
    this.counts.total = pinned.all.count;
    const depth = depthFor(Math.max(pinned.all.count, serverEntries));
    const [tree] = await Promise.all([
      keepingAlive(clock, this.#tellAlive, () =>
        pinned.fold(depth, (entries) => {
          this.counts.read += entries;
        }),
      ),
      this.#ask({ type: 'compare', session: name, depth }, 'compared'),
    ]);
    if (!equalSums(tree.total, pinned.all)) return 'damaged';
    let differing: readonly number[] = [0];
    for (let level = 0; level < depth && differing.length > 0; level++) {
      const below: number[] = [];
      for (let at = 0; at < differing.length; at += SUMS_NODES_MAX) {
        const nodes = differing.slice(at, at + SUMS_NODES_MAX);
        const { sums } = await this.#ask({ type: 'sums', session: name, level, nodes }, 'sums-reply');
        if (sums.length !== nodes.length * FAN_OUT) throw new MalformedBytes('sums of other nodes');
        for (const [index, node] of nodes.entries()) {
          const theirs = sums.slice(index * FAN_OUT, (index + 1) * FAN_OUT);
          below.push(...differingChildren(node, tree.children(level, node), theirs));
        }
      }
      differing = below;
    }
    this.#differences = this.#findDifferences(pinned, depth, differing);
    return 'more';
  }

  /** Settles at most `keys` further keys that differ, fewer where their entries are large; after the last adopts. */
  async step(keys: number): Promise<ComparisonStep> {
    const { replica } = this.#dependencies;
    await this.#find(keys);
    if (this.#unsettled.length > 0) {
      const fetched = await this.#fetch(this.#unsettled);
      if (fetched === 'refused') return 'refused';
      const { entries, covered } = fetched;
      const differences = this.#unsettled.slice(0, covered);
      const settled = await replica.settle({ session: this.#session, differences, entries });
      this.counts.settled += differences.length;
      this.#unsettled = this.#unsettled.slice(covered);
      this.counts.taken += settled.taken;
      this.counts.dropped += settled.dropped;
      this.counts.kept += settled.kept;
      this.#unexplained.push(...settled.unexplained.slice(0, LOST_TOLD_MAX - this.#unexplained.length));
    }
    if (!this.#isFound || this.#unsettled.length > 0) return 'more';
    if (this.#unexplained.length > 0) {
      this.#peer.notify({ type: 'lost', session: this.#session.name, dots: packDots(this.#unexplained) });
      return 'lossy';
    }
    await replica.adoptCompared(this.#session);
    return 'adopted';
  }

  /** Frees the snapshot. To be called however it ends. */
  async close(): Promise<void> {
    await this.#differences?.return();
    await this.#pinned?.close();
    this.#dependencies.replica.endComparison();
  }

  readonly #tellAlive = (): void => this.#peer.notify({ type: 'keep-alive', session: this.#session.name });

  /** Until so many keys are unsettled, or all that differ are found. */
  async #find(keys: number): Promise<void> {
    const found = this.#differences;
    assert(found !== undefined, 'a comparison was begun');
    while (this.#unsettled.length < keys && !this.#isFound) {
      const next = await found.next();
      if (next.done === true) this.#isFound = true;
      else this.#unsettled.push(next.value);
    }
  }

  async *#findDifferences(
    pinned: PinnedState,
    depth: number,
    buckets: readonly number[],
  ): AsyncGenerator<Difference, void, undefined> {
    if (buckets.length === 0) return;
    const scan = pinned.dotsIn(depth, new Set(buckets), undefined);
    const own = pages(scan);
    const theirs = this.#theirDots(buckets);
    try {
      // Where few buckets differ these read all that there is, on both sides, at the same time.
      let [ours, other] = await keepingAlive(this.#dependencies.clock, this.#tellAlive, () =>
        Promise.all([take(own), take(theirs)]),
      );
      while (ours !== undefined || other !== undefined) {
        const order = orderOf(ours, other);
        const [key, dot] = order < 0 ? [ours?.key, undefined] : [other?.key, other];
        const isSame = order === 0 && ours?.version === other?.version && ours?.actor === other?.actor;
        if (!isSame && key !== undefined) yield { key, theirs: dot };
        if (order <= 0) ours = await take(own);
        if (order >= 0) other = await take(theirs);
      }
    } finally {
      await own.return();
      await theirs.return();
      await scan.close();
    }
  }

  async *#theirDots(buckets: readonly number[]): AsyncGenerator<KeyDot, void, undefined> {
    const { limits } = this.#dependencies;
    const session = this.#session.name;
    let ahead = this.#ask({ type: 'list', session, buckets, after: NO_BYTES }, 'list-reply');
    let after: Uint8Array | undefined;
    for (;;) {
      const reply = await ahead;
      const dots = unpackDots(reply.dots, limits);
      for (const { key } of dots) {
        if (after !== undefined && compareBytes(after, key) >= 0)
          throw new MalformedBytes('a list out of order');
        after = key;
      }
      if (!reply.last) {
        if (dots.length === 0 || after === undefined) throw new MalformedBytes('a list that stands still');
        ahead = this.#ask({ type: 'list', session, buckets: [], after }, 'list-reply');
        // Looked at in its turn; until then a failure must not count as unhandled.
        ahead.catch(() => undefined);
      }
      yield* dots;
      if (reply.last) return;
    }
  }

  /**
   * The entries of the first of the differences that were not seen here, with what is left of their batches: as many as
   * come at once, so that what is settled at once is small. `covered`: how many differences have all that they need.
   */
  async #fetch(
    differences: readonly Difference[],
  ): Promise<{ readonly entries: readonly Entry[]; readonly covered: number } | 'refused'> {
    const { replica, limits, clock, maxDriftMs, compressor } = this.#dependencies;
    const dots = differences.flatMap(({ key, theirs }) => (theirs === undefined ? [] : [{ ...theirs, key }]));
    const lacking = await replica.lacking(dots);
    if (lacking.length === 0) return { entries: [], covered: differences.length };
    const asked = lacking.slice(0, FETCH_KEYS_MAX);
    const keys = asked.map(({ key }) => key);
    const reply = await this.#ask({ type: 'fetch', session: this.#session.name, keys }, 'fetch-reply');
    if (reply.count === 0 || reply.count > asked.length)
      throw new MalformedBytes('entries of no key, or of others');
    const entries = unpackChunk(await plain(compressor, reply), limits);
    const wallMs = clock.wallMs();
    const max = receivedVersionMax(wallMs, maxDriftMs);
    this.aheadMs = aheadMsOf(
      entries.map(({ last }) => last),
      wallMs,
    );
    if (entries.some(({ last }) => last > max)) return 'refused';
    const fetched = new Set(entries.map(nameOfDot));
    // What does not come now would be claimed at the end without being here.
    if (!asked.slice(0, reply.count).every((dot) => fetched.has(nameOfDot(dot))))
      throw new MalformedBytes('entries of other keys than were asked for');
    const left = lacking[reply.count];
    const covered =
      left === undefined ? differences.length : differences.findIndex(({ key }) => key === left.key);
    return { entries, covered };
  }

  async #ask<T extends Reply['type']>(request: NewRequest, type: T): Promise<Extract<Reply, { type: T }>> {
    const reply = await this.#peer.request(request);
    if (reply.type === 'failure') throw new ComparisonFailed(reply);
    if (reply.type !== type) throw new MalformedBytes(`not the reply to a ${request.type}`);
    return reply as Extract<Reply, { type: T }>;
  }
}

async function* pages(scan: DotScan): AsyncGenerator<KeyDot, void, undefined> {
  for (let page = await scan.next(); page.length > 0; page = await scan.next()) yield* page;
}

async function take(dots: AsyncGenerator<KeyDot, void, undefined>): Promise<KeyDot | undefined> {
  const next = await dots.next();
  return next.done === true ? undefined : next.value;
}

/** What is absent comes after everything. */
function orderOf(a: KeyDot | undefined, b: KeyDot | undefined): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : compareBytes(a.key, b.key);
}
