/** What goes to all nodes, and is not stored: events that are told, and aggregates that are asked for. */

import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { integerIn, oneOf } from '../streams.ts';

export interface Telling {
  readonly kind: 'telling';
  readonly name: string;
  /** At once. */
  readonly count: number;
}

export interface Asking {
  readonly kind: 'asking';
}

/** Beyond a hundred a second a node refuses them. */
const COUNT_MAX = 130;

export function drawTelling(random: Random): Telling {
  const count = random.fraction() < 0.97 ? integerIn(random, 1, 4) : integerIn(random, 4, COUNT_MAX);
  return { kind: 'telling', name: oneOf(random, ['a', 'b', 'c'] as const), count };
}

export function drawAsking(): Asking {
  return { kind: 'asking' };
}

export async function tell(
  { eventCheck, count: note }: Scene,
  machine: Machine,
  telling: Telling,
): Promise<void> {
  for (let at = 0; at < telling.count && machine.running !== undefined; at++) {
    const { isRefused } = await eventCheck.send(machine, telling.name);
    note(isRefused ? 'eventsRefused' : 'events');
  }
}

export async function askAll({ aggregateCheck, world, count }: Scene, machine: Machine): Promise<void> {
  if (machine.running === undefined) return;
  const result = await aggregateCheck.ask(machine);
  count(result === undefined ? 'aggregatesFailed' : 'aggregates');
  world.events.note(machine.name, `was told of all: ${JSON.stringify(result ?? null)}`);
}
