/** Counters and sets: nodes add to the same ones, add and remove the same members, and read what they come to. */

import { BoatoError } from '../../core/errors.ts';
import type { Random } from '../../ports/random.ts';
import { RegisterCounter } from '../../views/register-counter.ts';
import { prefixOf } from '../../views/registers.ts';
import { setOf, type StoredSet } from '../../views/set.ts';
import { COUNTERS } from '../checker/counter-check.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { integerIn, isChosen, oneOf } from '../streams.ts';
import { ledgerStore } from './ledger-store.ts';

export interface Counting {
  readonly kind: 'counting';
  readonly counter: string;
  /** Added at once. */
  readonly amounts: readonly number[];
}

export interface Tagging {
  readonly kind: 'tagging';
  readonly member: string;
  readonly isAddition: boolean;
}

export interface Viewing {
  readonly kind: 'viewing';
  readonly counter: string;
}

export const SET = 'tags';

const AMOUNT_MIN = -20;
const AMOUNT_MAX = 100;
const MEMBERS = 12;

export function drawCounting(random: Random): Counting {
  const count = isChosen(random, 0.8) ? 1 : integerIn(random, 2, 6);
  const amounts = Array.from({ length: count }, () => integerIn(random, AMOUNT_MIN, AMOUNT_MAX));
  return { kind: 'counting', counter: oneOf(random, COUNTERS), amounts };
}

export function drawTagging(random: Random): Tagging {
  const member = `m${integerIn(random, 0, MEMBERS)}`;
  return { kind: 'tagging', member, isAddition: isChosen(random, 0.6) };
}

export function drawViewing(random: Random): Viewing {
  return { kind: 'viewing', counter: oneOf(random, COUNTERS) };
}

export async function add(scene: Scene, machine: Machine, { counter, amounts }: Counting): Promise<void> {
  const counting = counterOn(scene, machine, counter);
  if (counting === undefined) return;
  await Promise.all(
    amounts.map(async (amount) => {
      const addition = scene.counterCheck.asked(machine, counter, amount);
      try {
        const { token } = await counting.add(amount);
        scene.counterCheck.acknowledged(addition, token);
        scene.count('additions');
      } catch (error) {
        if (!(error instanceof BoatoError)) throw error;
      }
    }),
  );
}

export async function tag(scene: Scene, machine: Machine, { member, isAddition }: Tagging): Promise<void> {
  const set = setOn(scene, machine);
  if (set === undefined) return;
  try {
    await (isAddition ? set.add(member) : set.delete(member));
    scene.count('tags');
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
  }
}

/** What a counter comes to on a machine, while anything may be under way. */
export async function view(scene: Scene, machine: Machine, { counter }: Viewing): Promise<void> {
  const counting = counterOn(scene, machine, counter);
  if (counting === undefined) return;
  const own = scene.counterCheck.ownAdditions(machine, counter);
  try {
    const value = await counting.value();
    scene.counterCheck.checkShown(machine, counter, value, own);
    scene.world.events.note(machine.name, `${counter} is ${value}`);
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
    scene.world.events.note(machine.name, `could not read ${counter}: ${error.code}`);
  }
}

/** `undefined` if the machine is not up. */
export function counterOn(scene: Scene, machine: Machine, counter: string): RegisterCounter | undefined {
  const node = machine.running?.node;
  if (node === undefined) return undefined;
  const { namesOfRuns } = scene.counterCheck;
  return new RegisterCounter(ledgerStore(scene, machine, node), prefixOf(counter), namesOfRuns);
}

export function setOn(scene: Scene, machine: Machine): StoredSet | undefined {
  const node = machine.running?.node;
  return node && setOf(ledgerStore(scene, machine, node), SET);
}
