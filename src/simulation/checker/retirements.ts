/**
 * What becomes of nodes that are gone for ever. A retirement is there only if an operator asked for it; one that was
 * confirmed is on the disk of its node (P1); and it speaks for all that any member had of the node when it was asked for
 * (P4). What no member had then counts as forsaken.
 */

import { birthOf, nodeIdOf } from '../../core/actor.ts';
import { VERSION_ZERO } from '../../core/version.ts';
import type { Machine } from '../machine.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import { type DiskState, hasSeen } from './disk-state.ts';
import type { KnownEntries, KnownEntry } from './known-entries.ts';

interface Asked {
  readonly by: Machine;
  readonly nodeId: string;
  /** What was on the disks of those who were members there. */
  readonly stateByMember: ReadonlyMap<Machine, DiskState>;
}

export interface RetirementsOptions {
  readonly known: KnownEntries;
  /** The disk as it was last looked at; `undefined` if nothing can be said of it. */
  readonly stateOf: (machine: Machine) => DiskState | undefined;
  /** Entries of which nothing can be said. */
  readonly damaged: ReadonlySet<KnownEntry>;
}

export class Retirements {
  readonly #options: RetirementsOptions;
  readonly #asked: Asked[] = [];
  /** Confirmed since the machine was last looked at. */
  #unconfirmed: { readonly by: Machine; readonly nodeId: string }[] = [];

  constructor(options: RetirementsOptions) {
    this.#options = options;
  }

  /** An operator is about to ask `by` to forget `nodeId` for ever. `members`: machines whose nodes are members there. */
  beforeAsked(by: Machine, nodeId: string, members: readonly Machine[]): void {
    const states = members.flatMap((member) => {
      const state = this.#options.stateOf(member);
      return state === undefined ? [] : [[member, state] as const];
    });
    this.#asked.push({ by, nodeId, stateByMember: new Map(states) });
  }

  confirmed(by: Machine, nodeId: string): void {
    this.#unconfirmed.push({ by, nodeId });
  }

  /** Whether one may be on its way to this disk, which must be looked at after each write then. */
  isAskedOf(machine: Machine): boolean {
    return this.#asked.some(({ by }) => by === machine);
  }

  /** Whether something of it went with the last disk that knew what it had seen: then it can perhaps never be retired. */
  mayNeverSettle(nodeId: string): boolean {
    const { known, damaged } = this.#options;
    if (known.areRewritten) return true;
    return [...known.all()].some(
      (entry) => nodeIdOf(entry.actor) === nodeId && (entry.isPastLost || entry.isLost || damaged.has(entry)),
    );
  }

  /** What was confirmed here may be gone with what was on the disk. */
  lost(machine: Machine): void {
    this.#unconfirmed = this.#unconfirmed.filter(({ by }) => by !== machine);
  }

  check(
    machine: Machine,
    {
      before,
      state,
      others,
    }: Record<'before' | 'state', DiskState | undefined> & { others: readonly DiskState[] },
    place: Place,
  ): void {
    if (state === undefined) return;
    for (const [nodeId, upTo] of state.retiredAt) {
      const isOlder = (other: DiskState | undefined): boolean =>
        (other?.retiredAt.get(nodeId) ?? VERSION_ZERO) < upTo;
      if (isOlder(before) && others.every(isOlder)) this.#made(machine, nodeId, before, state, place);
    }
    for (const { nodeId } of this.#unconfirmed.filter(({ by }) => by === machine))
      if (!state.retiredAt.has(nodeId))
        throw new BrokenPromise('P1', `the retirement of ${nodeId} is not on the disk of its node`, place);
    this.lost(machine);
  }

  /** It is on no other disk: this node made it, unless the disk of the one that did is damaged, and was not looked at. */
  #made(
    machine: Machine,
    nodeId: string,
    before: DiskState | undefined,
    state: DiskState,
    place: Place,
  ): void {
    const asked = this.#asked.filter((one) => one.nodeId === nodeId);
    const here = asked.filter(({ by }) => by === machine);
    if (asked.length === 0)
      throw new BrokenPromise('P4', `${nodeId} is retired, which nobody asked for`, place);
    const upTo = state.retiredAt.get(nodeId) ?? VERSION_ZERO;
    for (const entry of this.#options.known.all()) {
      if (nodeIdOf(entry.actor) !== nodeId || birthOf(entry.actor) > upTo) continue;
      const isKnown = before !== undefined && hasSeen(before, entry, entry.key);
      const present = state.entryByKey.get(entry.key);
      if (isKnown || (present?.version === entry.version && present.actor === entry.actor)) continue;
      if (here.length > 0 && here.every((one) => this.#wasMissed(one, entry)))
        throw new BrokenPromise(
          'P4',
          `${nodeId} is retired, and a member had a write of it that is not here`,
          {
            ...place,
            key: entry.key,
            dot: entry,
          },
        );
      // The retirement does not speak for what is above it.
      if (entry.version > upTo) continue;
      entry.isForsaken = true;
      entry.isLost = true;
      entry.isPastLost = true;
    }
  }

  /** Whether one who was a member had it when it was asked for, and has it still. */
  #wasMissed({ stateByMember }: Asked, entry: KnownEntry): boolean {
    if (entry.isLost || this.#options.damaged.has(entry)) return false;
    return [...stateByMember].some(([member, state]) => {
      const now = this.#options.stateOf(member);
      return now !== undefined && hasSeen(state, entry, entry.key) && hasSeen(now, entry, entry.key);
    });
  }
}
