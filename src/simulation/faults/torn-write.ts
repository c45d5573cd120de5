/** A crash in the middle of a write: its batch is there whole, or not at all, and nobody was told. */

import { exponential, integerIn, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface TornWrite {
  readonly machine: number;
  /** The write after so many others. */
  readonly after: number;
  readonly power: boolean;
  readonly downMs: number;
  /** If there is no such write, nothing happens. */
  readonly withinMs: number;
}

export const tornWrite: Fault<TornWrite> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    after: integerIn(random, 0, 12),
    power: isChosen(random, 0.5),
    downMs: Math.round(exponential(random, 1000)),
    withinMs: 20_000,
  }),
  inject: (scene, { machine: number, after, power, downMs, withinMs }) => {
    const machine = scene.world.machine(number);
    const { disk } = machine;
    if (!machine.isWanted || disk.tear !== undefined) return false;
    const tear = {
      after,
      happen: () => void whileDown(scene, machine, power ? 'power' : 'kill', downMs),
    };
    disk.tear = tear;
    scene.pending.until(withinMs, () => {
      if (disk.tear === tear) disk.tear = undefined;
    });
    return true;
  },
};
