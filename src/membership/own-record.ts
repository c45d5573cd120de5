/** What this node says of itself, and the one place where its incarnation rises (SWIM, section 4.2). */

import type { NodeId } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import type { Clock } from '../ports/clock.ts';
import type { Member } from './member-view.ts';
import {
  equalFacts,
  type MemberFacts,
  type MemberRecord,
  METADATA_BYTES_MAX,
  type Update,
} from './member.ts';
import { isMemberAddress, isMemberVersion } from './update-codec.ts';

export interface OwnRecordDependencies {
  readonly nodeId: NodeId;
  readonly facts: MemberFacts;
  readonly clock: Clock;
  /** All should hear of it. */
  readonly onChanged: () => void;
}

export class OwnRecord {
  readonly nodeId: NodeId;
  readonly #clock: Clock;
  readonly #onChanged: () => void;
  readonly #startedMs: number;
  #record: MemberRecord;

  constructor({ nodeId, facts, clock, onChanged }: OwnRecordDependencies) {
    assertFacts(facts);
    this.nodeId = nodeId;
    this.#clock = clock;
    this.#onChanged = onChanged;
    this.#startedMs = clock.monotonicMs();
    this.#record = { nodeId, ...facts, incarnation: Math.floor(clock.wallMs()), status: 'up' };
  }

  get update(): Update {
    return { ...this.#record, ageMs: 0 };
  }

  get view(): Member {
    const status = this.#record.status === 'left' ? 'left' : 'up';
    return {
      ...this.#record,
      status,
      isSelf: true,
      statusAgeMs: this.#clock.monotonicMs() - this.#startedMs,
    };
  }

  announce(facts: Partial<MemberFacts>): void {
    const record = { ...this.#record, ...facts };
    assertFacts(record);
    if (equalFacts(record, this.#record)) return;
    this.#record = record;
    this.surpass(record.incarnation);
  }

  leave(): void {
    this.#record = { ...this.#record, status: 'left' };
    this.#onChanged();
  }

  /** Whether `update` is not so, and was refuted. */
  refute(update: Update): boolean {
    const { status, incarnation } = this.#record;
    if (status === 'left' || update.incarnation < incarnation) return false;
    const isSame = update.incarnation === incarnation && equalFacts(update, this.#record);
    if (isSame && update.status === 'up') return false;
    this.surpass(update.incarnation);
    return true;
  }

  /** Above `incarnation`, unless it is so already; there is nothing above the largest one, which only a liar tells. */
  surpass(incarnation: number): void {
    if (incarnation < this.#record.incarnation) return;
    this.#record = { ...this.#record, incarnation: Math.min(incarnation + 1, Number.MAX_SAFE_INTEGER) };
    this.#onChanged();
  }
}

/** What may not travel would make others close their connections with this node. */
function assertFacts({ address, version, metadata }: MemberFacts): void {
  const isFit = isMemberAddress(address) && isMemberVersion(version) && metadata.length <= METADATA_BYTES_MAX;
  assert(isFit, 'what a node says of itself may travel');
}
