/** Reads that wait for a write of another node: they show it, or what overrode it. */

import { compareDots, type Dot } from '../../core/entry.ts';
import { BoatoError } from '../../core/errors.ts';
import { makeToken } from '../../core/token.ts';
import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

export interface Read {
  readonly kind: 'read';
  /** Which of the latest writes that were acknowledged: 0 the last one. */
  readonly back: number;
}

const LATEST = 20;
const TIMEOUT_MS = 5000;

export function drawRead(random: Random): Read {
  return { kind: 'read', back: Math.floor(random.fraction() * LATEST) };
}

export async function read(
  { world, ledger, checker }: Scene,
  machine: Machine,
  { back }: Read,
): Promise<void> {
  const acknowledged = ledger.writes.slice(-2 * LATEST).filter(({ dot }) => dot !== undefined);
  const written = acknowledged.at(-1 - back);
  const node = machine.running?.node;
  if (written?.dot === undefined || node === undefined) return;
  const { key, dot } = written;
  const { first, last } = written.batch ?? { first: dot.version, last: dot.version };
  const token = makeToken({ ...dot, version: last as Dot['version'], entries: last - first + 1 });
  try {
    const entry = await node.getEntry(key, { after: token, timeoutMs: TIMEOUT_MS });
    const shown = entry as unknown as Dot | undefined;
    const isShown = shown !== undefined && compareDots(shown, dot) >= 0;
    if (!isShown) checker.checkMissed(machine, key, dot);
    world.events.note(machine.name, `read ${key} after ${token}: ${entry?.version}`);
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
    world.events.note(machine.name, `could not read ${key} after ${token}: ${error.code}`);
  }
}
