/** A record on a disk is changed or gone, and nobody was told; the process may run, be closed in order, or be killed. */

import { spaceOf, type KeySpace } from '../../storage/keyspace.ts';
import { exponential, integerIn, isChosen, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';
import { type Ending, whileDown } from './while-down.ts';

export interface Damage {
  readonly machine: number;
  /** Where the layout keeps the record. */
  readonly space: KeySpace;
  /** Which of them, 0 to 1. */
  readonly record: number;
  readonly how: 'flipped' | 'vanished';
  /** Which byte of it, 0 to 1, and its bits. */
  readonly byte: number;
  readonly bits: number;
  /** What it does to the process before; `undefined`: it runs. */
  readonly ending: Ending | undefined;
  readonly downMs: number;
}

const SPACES = ['entry', 'entry', 'entry', 'segment', 'singleDot', 'due', 'row', 'cloud', 'meta'] as const;

/** Without it nothing can be opened: an operator would restore a backup, which is another fault. */
const IDENTITY = 'identity';

export const damage: Fault<Damage> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    space: oneOf(random, SPACES),
    record: random.fraction(),
    how: oneOf(random, ['flipped', 'flipped', 'vanished'] as const),
    byte: random.fraction(),
    bits: integerIn(random, 1, 256),
    ending: isChosen(random, 0.5) ? undefined : oneOf(random, ['stop', 'kill', 'power'] as const),
    downMs: Math.round(exponential(random, 1000)),
  }),
  inject: (scene, { machine: number, space, record, how, byte, bits, ending, downMs }) => {
    const machine = scene.world.machine(number);
    const { disk } = machine;
    const harm = async (): Promise<void> => {
      const records = await disk.recordsThat((key) => spaceOf(key) === space && !isIdentity(key));
      const found = records[Math.floor(record * records.length)];
      if (found === undefined) return;
      const [key, value] = found;
      scene.world.events.note(machine.name, `a record of ${space} is ${how}`);
      await scene.losses.beforeDamage(machine, found);
      if (how === 'vanished') return disk.damage(key, undefined);
      const changed = value.slice();
      const at = Math.floor(byte * changed.length);
      changed[at] = (changed[at] ?? 0) ^ bits;
      await disk.damage(key, changed);
    };
    if (ending !== undefined) return whileDown(scene, machine, ending, downMs, harm);
    if (!machine.isWanted) return false;
    void harm();
    return true;
  },
};

function isIdentity(key: Uint8Array): boolean {
  return spaceOf(key) === 'meta' && Buffer.from(key.subarray(1)).toString() === IDENTITY;
}
