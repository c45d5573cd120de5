/**
 * The pulling side of one session, one message a step (R3 to R5, R7, R11).
 *
 * 1. Nothing is claimed before the last chunk is stored; then context and horizon are adopted, or not, in one batch.
 * 2. A session in which anything was refused adopts nothing: it is dropped with all that it says, not with its entries.
 * 3. A session goes on only with the server that pinned its snapshot, and only while that server keeps it.
 */

import type { Actor, NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { equalBytes } from '../core/bytes.ts';
import type { FullRow } from '../core/context.ts';
import { isPeerAhead, receivedVersionMax } from '../core/drift.ts';

import { BoatoError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import type { Version } from '../core/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { NewSession, Replica, SessionOrder } from '../ports/replica.ts';
import type { NewRequest } from './channel.ts';
import { checkOrder } from './chunk-order.ts';
import { unpackChunk } from './chunk.ts';
import type { Chunk, Done, Failure, Opened, Reply } from './messages.ts';

/** The server, as a session needs it. */
export interface SessionPeer {
  readonly nodeId: NodeId;
  /** Fails with `PEER_UNREACHABLE` or `TIMEOUT`: the session is set aside then. */
  request(request: NewRequest): Promise<Reply>;
  notify(message: Done): void;
}

/**
 * `more`: call again. `adopted`, `late`, `refused` (something lay too far in the future), `ahead` (its clock), and
 * `not-serving` end the session. `void`: the server keeps it no more; `stale`: the digest was too old. Both begin anew.
 */
export type Step = 'more' | 'adopted' | 'late' | 'refused' | 'ahead' | 'not-serving' | 'void' | 'stale';

export interface PullDependencies {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly maxDriftMs: number;
}

export class PullSession {
  readonly #dependencies: PullDependencies;
  readonly #peer: SessionPeer;
  /** Asked for when the session is opened; a resumed one has them stored. */
  readonly #actors: readonly Actor[] | undefined;
  #name = '';
  #order: SessionOrder = 'version';
  #cursor: Uint8Array | undefined;
  #readAhead: Promise<Reply> | undefined;
  /** A sentence, after `refused` and `not-serving`. */
  reason = '';
  entries = 0;
  bytes = 0;

  private constructor(dependencies: PullDependencies, peer: SessionPeer, actors: readonly Actor[] | undefined) {
    this.#dependencies = dependencies;
    this.#peer = peer;
    this.#actors = actors;
  }

  /** Nothing is sent before the first step. `actors`: all whose rows may differ, ascending. */
  static begin(dependencies: PullDependencies, peer: SessionPeer, actors: readonly Actor[]): PullSession {
    return new PullSession(dependencies, peer, actors);
  }

  /** The stored session with `peer`, from where it stopped; `undefined` if there is none. */
  static async resume(dependencies: PullDependencies, peer: SessionPeer): Promise<PullSession | undefined> {
    const stored = await dependencies.replica.storedSession(peer.nodeId);
    if (stored === undefined) return undefined;
    const session = new PullSession(dependencies, peer, undefined);
    session.#name = stored.name;
    session.#order = stored.order;
    session.#cursor = stored.cursor;
    return session;
  }

  get order(): SessionOrder {
    return this.#order;
  }

  /** The next message, stored. Throws `MalformedBytes` on a peer that breaks the protocol. */
  async step(readAhead: boolean = false): Promise<Step> {
    return this.#cursor === undefined ? this.#open(readAhead) : this.#next(this.#cursor, readAhead);
  }

  /** All steps that are left, asking for the next chunk while one is stored. */
  async run(): Promise<Exclude<Step, 'more'>> {
    for (;;) {
      const step = await this.step(true);
      if (step !== 'more') return step;
    }
  }

  async #open(readAhead: boolean): Promise<Step> {
    const { replica, clock, maxDriftMs } = this.#dependencies;
    const actors = this.#actors ?? [];
    const { rows, restHash, empty } = await replica.pullerState(actors);
    const reply = await this.#peer.request({ type: 'open', rows, restHash, empty, wallMs: clock.wallMs() });
    if (reply.type === 'failure') return this.#failed(reply);
    if (reply.type !== 'opened') throw new MalformedBytes('not the reply to an open');
    checkOpened(reply, actors, empty);
    const step = this.#whyNotBegin(reply, maxDriftMs);
    if (step !== undefined) {
      this.#peer.notify({ type: 'done', session: reply.session });
      return step;
    }
    this.#name = reply.session;
    this.#order = reply.order;
    const session: NewSession = {
      peer: this.#peer.nodeId,
      name: reply.session,
      order: reply.order,
      rows: reply.rows,
      horizon: reply.horizon,
      serverBootstrapping: reply.bootstrapping,
    };
    return this.#store(reply.chunk, session, readAhead);
  }

  async #next(cursor: Uint8Array, readAhead: boolean): Promise<Step> {
    const reply = await (this.#readAhead ?? this.#request(cursor));
    this.#readAhead = undefined;
    if (reply.type === 'failure') return this.#failed(reply);
    if (reply.type !== 'next-reply') throw new MalformedBytes('not the reply to a next');
    if (!reply.chunk.last && equalBytes(reply.chunk.cursor, cursor)) throw new MalformedBytes('a cursor that stands still');
    return this.#store(reply.chunk, undefined, readAhead);
  }

  async #store(chunk: Chunk, session: NewSession | undefined, readAhead: boolean): Promise<Step> {
    const { replica, limits } = this.#dependencies;
    const entries = unpackChunk(chunk.entries, limits);
    checkOrder(entries, this.#order);
    if (entries.length === 0 && !chunk.last) throw new MalformedBytes('an empty chunk that is not the last');
    const tooFar = this.#tooFarAhead(entries.map(({ last }) => last));
    if (tooFar) return this.#refuse('an entry');
    if (readAhead && !chunk.last) {
      this.#readAhead = this.#request(chunk.cursor);
      // Looked at in the next step; until then a failure must not count as unhandled.
      this.#readAhead.catch(() => undefined);
    }
    const bytes = chunk.entries.length;
    await replica.storeChunk({ peer: this.#peer.nodeId, session, entries, bytes, cursor: chunk.cursor });
    this.#cursor = chunk.cursor;
    this.entries += entries.length;
    this.bytes += bytes;
    if (!chunk.last) return 'more';
    const outcome = await replica.adopt(this.#peer.nodeId);
    this.#peer.notify({ type: 'done', session: this.#name });
    return outcome;
  }

  #request(cursor: Uint8Array): Promise<Reply> {
    return this.#peer.request({ type: 'next', session: this.#name, cursor });
  }

  /** Decided when the first chunk is here, before any of it is stored. */
  #whyNotBegin(reply: Opened, maxDriftMs: number): Step | undefined {
    const { replica, clock } = this.#dependencies;
    if (isPeerAhead(reply.wallMs, clock.wallMs(), maxDriftMs)) return 'ahead';
    if (this.#tooFarAhead([reply.horizon, ...reply.rows.flatMap(versionsOf)])) {
      this.reason = 'its causal context';
      return 'refused';
    }
    // Late already, and later it can only be more so: nothing is taken (R7 is decided again before adopting).
    if (!replica.isEmpty() && replica.isLate(reply.rows, reply.horizon)) return 'late';
    return undefined;
  }

  #tooFarAhead(versions: readonly Version[]): boolean {
    const { clock, maxDriftMs } = this.#dependencies;
    const max = receivedVersionMax(clock.wallMs(), maxDriftMs);
    return versions.some((version) => version > max);
  }

  async #refuse(what: string): Promise<Step> {
    this.reason = what;
    await this.#dependencies.replica.dropSession(this.#peer.nodeId);
    this.#peer.notify({ type: 'done', session: this.#name });
    return 'refused';
  }

  async #failed({ code, reason }: Failure): Promise<Step> {
    this.reason = reason;
    switch (code) {
      case 'stale':
        return 'stale';
      case 'unknown-session':
        await this.#dependencies.replica.dropSession(this.#peer.nodeId);
        return 'void';
      case 'not-serving':
        return 'not-serving';
      case 'invalid':
        await this.#dependencies.replica.dropSession(this.#peer.nodeId);
        throw new BoatoError('PROTOCOL', `Node ${this.#peer.nodeId} refused a request: ${reason}.`);
    }
  }
}

function checkOpened(reply: Opened, actors: readonly Actor[], empty: boolean): void {
  const asked = reply.rows.length === actors.length && reply.rows.every(({ actor }, index) => actor === actors[index]);
  if (!asked) throw new MalformedBytes('rows of other actors than were asked for');
  if (reply.order === 'key' && !empty) throw new MalformedBytes('key order for a node that holds entries');
}

function versionsOf(row: FullRow): Version[] {
  const top = row.cloudVersions.at(-1) ?? row.received;
  return [row.received, top, row.predecessor?.closed ?? row.closed];
}
