/** What anti-entropy and upkeep see of a replica that may be exchanged after a failed write: always the present one. */

import type { Actor, NodeId } from '../core/actor.ts';
import type { Row, Sum } from '../core/context.ts';
import type {
  ArrivedChunk,
  KeyDot,
  NewSession,
  PinnedState,
  PullerState,
  Replica,
  Rumour,
  RumourOutcome,
  Settled,
  Settlement,
  StoredSession,
} from '../ports/replica.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import type { LiveReplica } from './live-replica.ts';

export class CurrentReplica implements Replica, Pick<StoredReplica, 'check' | 'checking' | 'state'> {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly #live: LiveReplica;

  constructor(live: LiveReplica) {
    this.#live = live;
    this.nodeId = live.current.nodeId;
    this.clusterId = live.current.clusterId;
  }

  get #replica(): StoredReplica {
    return this.#live.current;
  }

  /** What it has seen, for peers: what a failed write did not bring to disk must not count as seen. */
  get #told(): StoredReplica {
    if (this.#replica.fenced !== undefined) this.#live.assertWritable();
    return this.#replica;
  }

  /** Another one after each exchange: no session outlives the replica that it was opened on, unless it is stored. */
  get epoch(): number {
    return this.#replica.epoch;
  }

  get state(): StoredReplica['state'] {
    return this.#replica.state;
  }

  get checking(): StoredReplica['checking'] {
    return this.#replica.checking;
  }

  check(isCalledOff?: () => boolean): Promise<string | undefined> {
    return this.#replica.check(isCalledOff);
  }

  notServing(): string | undefined {
    return this.#replica.notServing();
  }

  /** A store that was opened again, and lacks the room for writes, serves. */
  notTaking(): string | undefined {
    return this.#live.outage === undefined ? this.#replica.notTaking() : 'a write to its disk failed';
  }

  contextHash(): bigint {
    return this.#told.contextHash();
  }

  fingerprint(): Sum {
    return this.#replica.fingerprint();
  }

  rows(): readonly Row[] {
    return this.#told.rows();
  }

  heads(): readonly Row[] {
    return this.#told.heads();
  }

  row(actor: Actor): Row | undefined {
    return this.#replica.row(actor);
  }

  hasWrittenAs(actor: Actor): boolean {
    return this.#replica.hasWrittenAs(actor);
  }

  movedSince(sinceMs: number, limit: number): readonly Actor[] {
    return this.#told.movedSince(sinceMs, limit);
  }

  isHealing(): boolean {
    return this.#replica.isHealing();
  }

  isBootstrapping(): boolean {
    return this.#replica.isBootstrapping();
  }

  pullerState(actors: readonly Actor[], opens?: boolean): Promise<PullerState> {
    return this.#replica.pullerState(actors, opens);
  }

  pin(actors: readonly Actor[], restHash: bigint): Promise<PinnedState | undefined> {
    return this.#replica.pin(actors, restHash);
  }

  storedSession(peer: NodeId): Promise<StoredSession | undefined> {
    return this.#replica.storedSession(peer);
  }

  storedSessions(): Promise<readonly StoredSession[]> {
    return this.#replica.storedSessions();
  }

  dropSession(peer: NodeId): Promise<void> {
    return this.#replica.dropSession(peer);
  }

  storeChunk(chunk: ArrivedChunk): Promise<void> {
    return this.#replica.storeChunk(chunk);
  }

  adopt(peer: NodeId): Promise<'adopted' | 'late'> {
    return this.#replica.adopt(peer);
  }

  beginComparison(session: NewSession): Promise<PinnedState> {
    return this.#replica.beginComparison(session);
  }

  unseen(dots: readonly KeyDot[]): readonly KeyDot[] {
    return this.#replica.unseen(dots);
  }

  lacking(dots: readonly KeyDot[]): Promise<readonly KeyDot[]> {
    return this.#replica.lacking(dots);
  }

  settle(settlement: Settlement): Promise<Settled> {
    return this.#replica.settle(settlement);
  }

  adoptCompared(session: NewSession): Promise<void> {
    return this.#replica.adoptCompared(session);
  }

  endComparison(): void {
    this.#replica.endComparison();
  }

  giveUp(why: string, foundIn?: number): Promise<void> {
    return this.#replica.giveUp(why, foundIn);
  }

  endHealing(): Promise<void> {
    return this.#replica.endHealing();
  }

  applyRumour(rumour: Rumour, from?: NodeId): Promise<RumourOutcome> {
    if (this.#live.outage !== undefined) return Promise.resolve('busy');
    return this.#replica.applyRumour(rumour, from);
  }

  async written(): Promise<void> {
    await this.#told.written();
  }

  onWritten(tell: (rumour: Rumour) => void): void {
    this.#live.onWritten(tell);
  }
}
