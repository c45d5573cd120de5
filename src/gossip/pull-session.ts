/**
 * The pulling side of one session, one message a step (R3 to R5, R7, R11).
 *
 * 1. Nothing is claimed before the last chunk is stored; then context and horizon are adopted, or not, in one batch.
 * 2. From a peer whose clock is more than one drift ahead nothing is taken. A session of which anything lies more than
 *    two drifts ahead adopts nothing: it is dropped, with the chunk that it lay in.
 * 3. Whoever is late when the last chunk is stored compares (R9) on the same snapshot before it adopts. A session may
 *    compare at once, without a delta.
 * 4. A session goes on only with the server that pinned its snapshot, and only while that server keeps it.
 */

import type { Actor } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { aheadMsOf, isPeerAhead, receivedVersionMax } from '../core/drift.ts';
import { BoatoError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Version } from '../core/version.ts';
import type { Compressor } from '../ports/compressor.ts';
import type { NewSession, Replica } from '../ports/replica.ts';
import { ArrivalCheck } from './arrival-check.ts';
import { type ChunkRequestOptions, ChunkRequests } from './chunk-requests.ts';
import { unpackChunk } from './chunk.ts';
import { plain } from './compressed.ts';
import { Comparison, type ComparisonCounts, ComparisonFailed } from './comparison.ts';
import type { Failure } from './messages.ts';
import { checkOpened, openedSession, promisedVersions } from './opened-session.ts';
import type { Chunk, Opened } from './session-messages.ts';
import type { SessionPeer } from './session-peer.ts';
import { StoringChunks } from './storing-chunks.ts';

/**
 * `more`: call again. `adopted`, `refused` (something lay too far in the future), `ahead` (its clock), `not-serving`,
 * `damaged` (this node is), and `lossy` (the server is) end the session. `void`: the server keeps it no more; `stale`: the
 * digest was too old. Both begin anew.
 */
export type Step =
  | 'more'
  | 'adopted'
  | 'refused'
  | 'ahead'
  | 'not-serving'
  | 'damaged'
  | 'lossy'
  | 'void'
  | 'stale';

/** Keys that differ, settled in one step of a comparison. */
const SETTLED_KEYS = 256;

export interface PullDependencies extends ChunkRequestOptions {
  readonly replica: Replica;
  readonly limits: Limits;
  readonly maxDriftMs: number;
  /** Absent: chunks are asked for as they are. */
  readonly compressor?: Compressor | undefined;
}

/** What goes on once a session is open. */
interface Opening {
  readonly name: string;
  readonly check: ArrivalCheck;
  readonly session: NewSession;
  cursor: Uint8Array;
}

export interface StepOptions {
  readonly readAhead?: boolean;
  readonly keys?: number;
}

export class PullSession {
  readonly #dependencies: PullDependencies;
  readonly #peer: SessionPeer;
  readonly #actors: readonly Actor[];
  readonly #compare: boolean;
  readonly #chunks: ChunkRequests;
  #comparison: Comparison | undefined;
  #opening: Opening | undefined;
  readonly #storing: StoringChunks;
  #isClosed = false;
  /** After `refused` and `not-serving`: what, or why. */
  reason = '';
  /** After `refused`: by how much it lies ahead of this node's clock, in milliseconds. */
  aheadMs = 0;
  /** As the peer said when the session opened. */
  peerWallMs: number | undefined;

  private constructor(
    dependencies: PullDependencies,
    peer: SessionPeer,
    actors: readonly Actor[],
    compare: boolean,
  ) {
    this.#dependencies = dependencies;
    this.#peer = peer;
    this.#actors = actors;
    this.#compare = compare;
    this.#chunks = new ChunkRequests(peer, dependencies);
    this.#storing = new StoringChunks(dependencies.replica);
  }

  /** Nothing is sent before the first step. `actors`: all whose rows may differ, ascending. `compare`: at once. */
  static begin(
    dependencies: PullDependencies,
    peer: SessionPeer,
    actors: readonly Actor[],
    compare: boolean,
  ): PullSession {
    return new PullSession(dependencies, peer, actors, compare);
  }

  /** The stored session with `peer`, from where it stopped; `undefined` if there is none. */
  static async resume(dependencies: PullDependencies, peer: SessionPeer): Promise<PullSession | undefined> {
    const stored = await dependencies.replica.storedSession(peer.nodeId);
    if (stored === undefined) return undefined;
    const session = new PullSession(dependencies, peer, [], false);
    const { name, cursor } = stored;
    session.#opening = { name, cursor, session: stored, check: new ArrivalCheck(stored) };
    return session;
  }

  /** Stored by this object so far. */
  get entries(): number {
    return this.#storing.entries;
  }

  get bytes(): number {
    return this.#storing.bytes;
  }

  get comparesAtOnce(): boolean {
    return this.#compare;
  }

  /** A deletion may have been missed: the node was away for longer than deletions are kept (R7). */
  get isLate(): boolean {
    return this.#comparison !== undefined && !this.#compare;
  }

  /** What a comparison has settled so far, if there is one. */
  get compared(): Readonly<ComparisonCounts> | undefined {
    return this.#comparison?.counts;
  }

  /**
   * The next message, stored; of a comparison the next `keys` keys that differ, settled. `readAhead`: asks for the message
   * after it, and waits only until the one before this one is stored. Throws `MalformedBytes` on a peer that breaks the
   * protocol; the errors of `SessionPeer.request` and of the replica pass through; an error ends a comparison, and a delta
   * can go on after one.
   */
  async step({ readAhead = false, keys = SETTLED_KEYS }: StepOptions = {}): Promise<Step> {
    // A comparison that ended early must not pass for one that is through.
    if (this.#isClosed) return 'void';
    try {
      const step = await this.#step(readAhead, keys);
      if (step !== 'more') await this.close();
      return step;
    } catch (error) {
      await this.close();
      return this.#stepOf(error);
    }
  }

  /** All steps that are left, reading ahead. */
  async run(): Promise<Exclude<Step, 'more'>> {
    for (;;) {
      const step = await this.step({ readAhead: true });
      if (step !== 'more') return step;
    }
  }

  /**
   * Waits for what is being stored, and ends a comparison that is not through. Harmless when repeated; a delta can be
   * resumed.
   */
  async close(): Promise<void> {
    await this.#storing.stored().catch(() => undefined);
    const comparison = this.#comparison;
    if (comparison === undefined || this.#isClosed) return;
    this.#isClosed = true;
    await comparison.close();
  }

  #step(readAhead: boolean, keys: number): Promise<Step> {
    const [comparison, opening] = [this.#comparison, this.#opening];
    if (comparison !== undefined && opening !== undefined) return this.#settle(comparison, opening, keys);
    return opening === undefined ? this.#open(readAhead) : this.#next(opening, readAhead);
  }

  /** Errors that are answers. */
  #stepOf(error: unknown): Promise<Step> {
    if (error instanceof ComparisonFailed) return this.#failed(error.failure);
    if (error instanceof BoatoError && error.code === 'SESSION_VOID') return Promise.resolve('void');
    return Promise.reject(error);
  }

  async #beginComparison(opening: Opening): Promise<Step> {
    const comparison = new Comparison(this.#dependencies, this.#peer, opening.session);
    this.#comparison = comparison;
    this.#opening = opening;
    return (await comparison.begin()) === 'more' ? 'more' : this.#damaged(opening);
  }

  async #settle(comparison: Comparison, opening: Opening, keys: number): Promise<Step> {
    const step = await comparison.step(keys);
    if (step === 'more') return step;
    if (step === 'refused') {
      this.reason = 'an entry';
      this.aheadMs = comparison.aheadMs;
    }
    // A server that has lost entries looks at its snapshot again before it believes it.
    return step === 'lossy' ? step : this.#end(opening, step);
  }

  async #damaged(opening: Opening): Promise<Step> {
    const { epoch } = opening.session;
    await this.#dependencies.replica.giveUp('the entries do not add up to their sum', epoch);
    return this.#end(opening, 'damaged');
  }

  async #open(readAhead: boolean): Promise<Step> {
    const { replica, clock, compressor } = this.#dependencies;
    const state = await replica.pullerState(this.#actors, true);
    const { rows, restHash, empty } = state;
    const compare = this.#compare;
    const reply = await this.#chunks.open({
      type: 'open',
      rows,
      restHash,
      empty,
      compare,
      compress: compressor !== undefined,
      wallMs: clock.wallMs(),
    });
    if (reply.type === 'failure') return this.#failed(reply);
    if (reply.type !== 'opened') throw new MalformedBytes('not the reply to an open');
    this.peerWallMs = reply.wallMs;
    checkOpened(reply, this.#actors, empty);
    const session = openedSession(this.#peer.nodeId, reply, state);
    const opening: Opening = {
      name: session.name,
      check: new ArrivalCheck(session),
      session,
      cursor: reply.chunk.cursor,
    };
    const step = this.#whyNotBegin(reply);
    if (step !== undefined) return this.#end(opening, step);
    if (compare) return this.#beginComparison(opening);
    return this.#store(opening, reply.chunk, session, readAhead);
  }

  async #next(opening: Opening, readsAhead: boolean): Promise<Step> {
    const reply = await this.#chunks.next(opening.name, opening.cursor);
    if (reply.type === 'failure') return this.#failed(reply);
    if (reply.type !== 'next-reply') throw new MalformedBytes('not the reply to a next');
    return this.#store(opening, reply.chunk, undefined, readsAhead);
  }

  /** `session`: with the first chunk. */
  async #store(
    opening: Opening,
    chunk: Chunk,
    session: NewSession | undefined,
    readAhead: boolean,
  ): Promise<Step> {
    const { replica, limits, compressor } = this.#dependencies;
    const { nodeId: peer } = this.#peer;
    const entries = unpackChunk(await plain(compressor, chunk), limits);
    opening.check.check(entries, chunk, session === undefined ? opening.cursor : undefined);
    if (this.#isTooFarAhead(entries.map(({ last }) => last))) {
      this.reason = 'an entry';
      await replica.dropSession(peer);
      return this.#end(opening, 'refused');
    }
    const goesOn = readAhead && !chunk.last;
    if (goesOn) this.#chunks.readAhead(opening.name, chunk.cursor);
    const behind = session === undefined ? { after: { name: opening.name, cursor: opening.cursor } } : {};
    const before = this.#storing.add({
      peer,
      session,
      ...behind,
      entries,
      bytes: chunk.entries.length,
      cursor: chunk.cursor,
    });
    this.#opening = opening;
    opening.cursor = chunk.cursor;
    await before;
    if (goesOn) return 'more';
    await this.#storing.stored();
    if (!chunk.last) return 'more';
    const outcome = await replica.adopt(peer);
    return outcome === 'late' ? this.#beginComparison(opening) : this.#end(opening, outcome);
  }

  #end({ name }: Opening, step: Step): Step {
    this.#peer.notify({ type: 'done', session: name });
    return step;
  }

  /** Decided when the first chunk is here, before any of it is stored. */
  #whyNotBegin(reply: Opened): Step | undefined {
    const { clock, maxDriftMs } = this.#dependencies;
    if (isPeerAhead(reply.wallMs, clock.wallMs(), maxDriftMs)) return 'ahead';
    if (this.#isTooFarAhead(promisedVersions(reply))) {
      this.reason = 'a causal context';
      return 'refused';
    }
    return undefined;
  }

  #isTooFarAhead(versions: readonly Version[]): boolean {
    const { clock, maxDriftMs } = this.#dependencies;
    const wallMs = clock.wallMs();
    const max = receivedVersionMax(wallMs, maxDriftMs);
    this.aheadMs = aheadMsOf(versions, wallMs);
    return versions.some((version) => version > max);
  }

  async #failed({ code, reason }: Failure): Promise<Step> {
    const { replica } = this.#dependencies;
    this.reason = reason;
    switch (code) {
      case 'stale':
        return 'stale';
      case 'not-serving':
        return 'not-serving';
      case 'unknown-session':
        await replica.dropSession(this.#peer.nodeId);
        return 'void';
      case 'invalid':
        await replica.dropSession(this.#peer.nodeId);
        throw new BoatoError('PROTOCOL', `Node ${this.#peer.nodeId} refused a request: ${reason}.`);
    }
  }
}
