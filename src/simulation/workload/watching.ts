/** Clients that watch go from node to node. */

import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

export interface Move {
  readonly kind: 'move';
  /** Which client, from 0 to 1 of them. */
  readonly client: number;
}

export function drawMove(random: Random): Move {
  return { kind: 'move', client: random.fraction() };
}

export function move({ watchClients }: Scene, machine: Machine, { client }: Move): Promise<void> {
  if (!machine.isGone) watchClients[Math.floor(client * watchClients.length)]?.moveTo(machine);
  return Promise.resolve();
}
