/** What this node tells of members, itself included: their records, with what goes along with them for a while. */

import type { NodeId } from '../core/actor.ts';
import type { Clock } from '../ports/clock.ts';
import type { KnownMember, MemberTable } from './member-table.ts';
import { isLive, type Update } from './member.ts';
import { byName } from './member-view.ts';
import type { OwnRecord } from './own-record.ts';
import type { Suspicions } from './suspicions.ts';

export interface ToldMembersDependencies {
  readonly self: OwnRecord;
  readonly table: MemberTable;
  readonly suspicions: Suspicions;
  readonly clock: Clock;
}

export class ToldMembers {
  readonly #dependencies: ToldMembersDependencies;

  constructor(dependencies: ToldMembersDependencies) {
    this.#dependencies = dependencies;
  }

  /** `undefined` if it is not known. */
  of(member: NodeId): Update | undefined {
    const { self, table } = this.#dependencies;
    if (member === self.nodeId) return self.update;
    const known = table.get(member);
    return known === undefined ? undefined : this.#told(known);
  }

  /** All that is known, forgotten members and this node included, ascending by name: for `restore` after the next start. */
  records(): readonly Update[] {
    const { self, table } = this.#dependencies;
    const records = [...table.all()].map((known) => this.#told(known));
    return [...records, self.update].toSorted(byName);
  }

  /** What somebody who is told of these may have to learn of them: while all members are known, only of this node itself. */
  introductions(members: readonly NodeId[]): readonly Update[] {
    const { self, table } = this.#dependencies;
    const strangers = members.filter((member) => table.isFull || member === self.nodeId);
    return strangers.flatMap((member) => this.of(member) ?? []);
  }

  #told({ record, sinceMs }: KnownMember): Update {
    const { suspicions, clock } = this.#dependencies;
    const ageMs = isLive(record) ? 0 : clock.monotonicMs() - sinceMs;
    return { ...record, accuser: suspicions.accuserOf(record.nodeId), ageMs };
  }
}
