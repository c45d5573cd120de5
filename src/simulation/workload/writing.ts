/** A write that is entered into the ledger before it is asked for, and what came of it after it was answered. */

import { BoatoError } from '../../core/errors.ts';
import type { Dot } from '../../core/entry.ts';
import { parseToken } from '../../core/token.ts';
import type { Node, Value } from '../../node/api.ts';
import type { BatchOperation, WriteConcern } from '../../node/write-api.ts';
import type { WriteResult } from '../../node/write-concern.ts';
import type { Ledger } from '../checker/ledger.ts';
import { textOf } from '../checker/value-text.ts';
import { EPOCH_MS } from '../machine-clock.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

/** One key of a write, as it is drawn. */
export interface DrawnWrite {
  readonly key: string;
  /** A text of about so many bytes, like no other; absent, as `value` is: a deletion. */
  readonly valueBytes?: number;
  readonly value?: Value;
  /** Expires after so long. */
  readonly ttlMs?: number;
}

/** Nothing of these was written. */
const REFUSED: ReadonlySet<string> = new Set(['CONDITION_FAILED', 'CLOCK_AHEAD']);

type Ask = (node: Node, operations: readonly BatchOperation[]) => Promise<readonly Dot[]>;

/** Writes on a machine that is up, each with its value. Settles when it was answered; never, if the process ends before. */
export async function write(
  scene: Scene,
  machine: Machine,
  drawn: readonly DrawnWrite[],
  ask: Ask,
): Promise<void> {
  const { running } = machine;
  if (running === undefined) return;
  try {
    await entered(scene, machine, drawn, (operations) => ask(running.node, operations));
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
  }
}

/** Enters a write on `machine` into the ledger, asks for it, and enters what came of it. Fails as `ask` does. */
export async function entered(
  { world, ledger, checker }: Scene,
  machine: Machine,
  drawn: readonly DrawnWrite[],
  ask: (operations: readonly BatchOperation[]) => Promise<readonly Dot[]>,
): Promise<void> {
  const operations = drawn.map((one) => operationOf(one, machine, ledger));
  const written = operations.map((operation) =>
    ledger.asked({
      machine: machine.name,
      nodeId: machine.nodeId,
      key: operation.key,
      value: operation.type === 'put' ? textOf(operation.value) : undefined,
      expiresAt: operation.type === 'put' ? operation.expiresAt : undefined,
      askedAtMs: world.time.nowMs,
      askedWallMs: EPOCH_MS + world.time.nowMs,
      seen: checker.seenBy(machine, operation.key),
    }),
  );
  const keys = drawn.length === 1 ? drawn[0]?.key : `${drawn.length} keys`;
  try {
    const dots = await ask(operations);
    ledger.acknowledged(written, dots);
    world.events.note(machine.name, `wrote ${keys} ${dots[0]?.actor} ${dots[0]?.version}`);
  } catch (error) {
    const code = error instanceof BoatoError ? error.code : undefined;
    ledger.notAcknowledged(written, code !== undefined && REFUSED.has(code) ? 'refused' : 'failed');
    world.events.note(machine.name, `could not write ${keys}: ${String(error)}`);
    throw error;
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

function operationOf(
  { key, valueBytes, value, ttlMs }: DrawnWrite,
  { clock }: Machine,
  ledger: Ledger,
): BatchOperation {
  const stored = value ?? (valueBytes === undefined ? undefined : ledger.nextValue(valueBytes));
  if (stored === undefined) return { type: 'del', key };
  const expiresAt = ttlMs === undefined ? undefined : clock.wallMs() + ttlMs;
  return { type: 'put', key, value: stored, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
