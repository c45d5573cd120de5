/**
 * What nodes take for members: nobody who never was (M2), and of each what only goes forward (M3): never less than was
 * shown before, and after it was forgotten only what it said of itself since.
 */

import type { Member } from '../../node/member-api.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { BrokenPromise } from './broken-promise.ts';
import { addressOf, shownBy } from './shown-members.ts';

const EVENTS = ['up', 'suspect', 'down', 'left', 'updated'] as const;

/** Of two statuses at one incarnation the later one here holds (SWIM, section 4.2). */
const RANKS = ['up', 'suspect', 'down', 'left', 'forgotten'] as const;

interface Shown {
  readonly incarnation: number;
  readonly status: (typeof RANKS)[number];
}

export class MemberCheck {
  readonly #world: World;
  readonly #meet: (error: unknown) => void;
  /** By node: where it ever was. */
  readonly #addresses = new Map<string, Set<string>>();
  /** By process: the last that it showed of each node. */
  readonly #shownByLife = new WeakMap<object, Map<string, Shown>>();
  readonly #forgotten = new Set<string>();

  /** Looks at nothing in a world without membership. `meet`: told of what is broken. */
  constructor(world: World, meet: (error: unknown) => void) {
    this.#world = world;
    this.#meet = meet;
    if (world.options.seeds === undefined) return;
    world.onStarting = (machine) => {
      const addresses = this.#addresses.get(machine.nodeId) ?? new Set(['']);
      this.#addresses.set(machine.nodeId, addresses.add(addressOf(machine)));
    };
    world.onStarted.push((machine) => this.#watch(machine));
  }

  /** `by` is about to remove it: whatever was said of it so far, and up to now by the clock there, is over. */
  beforeForget(by: Machine, nodeId: string): void {
    const member = shownBy(by)?.find((shown) => shown.nodeId === nodeId);
    if (member === undefined || (member.status !== 'down' && member.status !== 'left')) return;
    const incarnation = Math.max(member.incarnation, by.clock.wallMs());
    this.#forgotten.add(nodeId);
    this.#shownOf(by).set(nodeId, { incarnation, status: 'forgotten' });
  }

  /** `by` has removed one that it showed so before: for it, whatever was said of it until then is over. */
  forgot(by: Machine, member: Member | undefined): void {
    if (member === undefined) return;
    this.#forgotten.add(member.nodeId);
    this.#shownOf(by).set(member.nodeId, { incarnation: member.incarnation, status: 'forgotten' });
  }

  /** Whether somebody has ever removed it: nobody waits for it until it is back. */
  wasForgotten({ nodeId }: Machine): boolean {
    return this.#forgotten.has(nodeId);
  }

  #watch(machine: Machine): void {
    const { life, running } = machine;
    for (const event of EVENTS)
      running?.node.on(`member:${event}`, (member) => {
        if (!life.isOver) this.#orMet(() => this.#check(machine, member));
      });
    // What it kept of its last run is told by no event.
    for (const member of shownBy(machine) ?? []) this.#orMet(() => this.#check(machine, member));
  }

  #check(machine: Machine, { nodeId, isSelf, incarnation, status, address }: Member): void {
    const place = { machine: machine.name, atMs: this.#world.time.nowMs };
    if (this.#addresses.get(nodeId)?.has(address) !== true)
      throw new BrokenPromise('M2', `there was never a node ${nodeId} at ${address}`, place);
    if (isSelf) return;
    const shown = this.#shownOf(machine);
    const before = shown.get(nodeId);
    const now = { incarnation, status };
    if (before !== undefined && compareShown(now, before) < 0)
      throw new BrokenPromise(
        'M3',
        `${nodeId} is ${status} again, which is older than that it is ${before.status}`,
        place,
      );
    shown.set(nodeId, now);
  }

  #shownOf({ life }: Machine): Map<string, Shown> {
    const shown = this.#shownByLife.get(life) ?? new Map<string, Shown>();
    this.#shownByLife.set(life, shown);
    return shown;
  }

  #orMet(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#meet(error);
    }
  }
}

function compareShown(a: Shown, b: Shown): number {
  return a.incarnation - b.incarnation || RANKS.indexOf(a.status) - RANKS.indexOf(b.status);
}
