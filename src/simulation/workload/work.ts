/** What users do: drawn before the run, done when its time comes. */

import type { Random } from '../../ports/random.ts';
import type { Profile } from '../profile.ts';
import type { Scene } from '../scene.ts';
import { integerIn, isChosen } from '../streams.ts';

export interface WorkStep {
  readonly kind: 'put' | 'del';
  readonly machine: number;
  readonly key: number;
}

export function drawWork(random: Random, nodes: number, { keys }: Profile): WorkStep {
  return {
    kind: isChosen(random, 0.8) ? 'put' : 'del',
    machine: integerIn(random, 0, nodes),
    key: integerIn(random, 0, keys),
  };
}

/** Does it, if the machine is up. */
export function work({ world, ledger }: Scene, { kind, machine: number, key: keyNumber }: WorkStep): void {
  const machine = world.machine(number);
  const { running } = machine;
  if (running === undefined) return;
  const key = `key-${keyNumber}`;
  const value = kind === 'put' ? ledger.nextValue() : undefined;
  ledger.asked({ machine: machine.name, key, value, askedAtMs: world.time.nowMs });
  const { node } = running;
  const done = value === undefined ? node.del(key) : node.put(key, value);
  done.then(
    (result) => world.events.note(machine.name, `wrote ${key} ${JSON.stringify(result)}`),
    (error: unknown) => world.events.note(machine.name, `could not write ${key}: ${String(error)}`),
  );
}
