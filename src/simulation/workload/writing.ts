/** A write that is entered into the ledger before it is asked for, and what came of it after it was answered. */

import { BoatoError } from '../../core/errors.ts';
import type { Dot } from '../../core/entry.ts';
import { parseToken } from '../../core/token.ts';
import type { Node } from '../../node/api.ts';
import type { BatchOperation, WriteConcern } from '../../node/write-api.ts';
import type { WriteResult } from '../../node/write-concern.ts';
import type { Written } from '../checker/ledger.ts';
import { EPOCH_MS } from '../machine-clock.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

/** One key of a write, as it is drawn. */
export interface DrawnWrite {
  readonly key: string;
  /** About so many bytes; absent: a deletion. */
  readonly valueBytes?: number;
  /** Expires after so long. */
  readonly ttlMs?: number;
}

/** Nothing of these was written. */
const REFUSED: ReadonlySet<string> = new Set(['CONDITION_FAILED', 'CLOCK_AHEAD']);

/** Writes on a machine that is up, each with its value. Settles when it was answered; never, if the process ends before. */
export async function write(
  { world, ledger, checker }: Scene,
  machine: Machine,
  drawn: readonly DrawnWrite[],
  ask: (node: Node, operations: readonly BatchOperation[]) => Promise<readonly Dot[]>,
): Promise<void> {
  const { running } = machine;
  if (running === undefined) return;
  const written = drawn.map(({ key, valueBytes, ttlMs }) =>
    ledger.asked({
      machine: machine.name,
      nodeId: machine.nodeId,
      key,
      value: valueBytes === undefined ? undefined : ledger.nextValue(valueBytes),
      expiresAt: ttlMs === undefined ? undefined : machine.clock.wallMs() + ttlMs,
      askedAtMs: world.time.nowMs,
      askedWallMs: EPOCH_MS + world.time.nowMs,
      seen: checker.seenBy(machine, key),
    }),
  );
  const keys = drawn.length === 1 ? drawn[0]?.key : `${drawn.length} keys`;
  try {
    const dots = await ask(running.node, written.map(operationOf));
    ledger.acknowledged(written, dots);
    world.events.note(machine.name, `wrote ${keys} ${dots[0]?.actor} ${dots[0]?.version}`);
  } catch (error) {
    const code = error instanceof BoatoError ? error.code : undefined;
    ledger.notAcknowledged(written, code !== undefined && REFUSED.has(code) ? 'refused' : 'failed');
    world.events.note(machine.name, `could not write ${keys}: ${String(error)}`);
    if (code === undefined) throw error;
  }
}

/** Waits for no other node. */
export async function askPlainly(node: Node, operations: readonly BatchOperation[]): Promise<readonly Dot[]> {
  return dotsOf(await request(node, operations, {}));
}

/** By itself if it is one, else as a batch. */
export function request(
  node: Node,
  operations: readonly BatchOperation[],
  concern: WriteConcern,
): Promise<WriteResult> {
  const [operation] = operations;
  if (operations.length !== 1 || operation === undefined) return node.batch(operations, concern);
  if (operation.type === 'put') {
    const { key, value, type: _, ...options } = operation;
    return node.put(key, value, { ...options, ...concern });
  }
  const { key, type: _, ...options } = operation;
  return node.del(key, { ...options, ...concern });
}

/** Of what was written, in its order. */
export function dotsOf(result: WriteResult): readonly Dot[] {
  if ('dots' in result) return result.dots as readonly Dot[];
  return ['version' in result ? (result as unknown as Dot) : (parseToken(result.token) as Dot)];
}

function operationOf({ key, value, expiresAt }: Written): BatchOperation {
  if (value === undefined) return { type: 'del', key };
  return { type: 'put', key, value, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
