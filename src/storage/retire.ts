/**
 * A node that is gone for ever gives up its rows for one, its retirement (`core/retirement.ts`).
 *
 * 1. Only what is at rest goes: all that is known of the node's writes was seen here with its past, so that claiming more of
 *    its actors claims nothing that is missing.
 * 2. The horizon rises to the retirement, in the same batch. Whoever has not heard of it is late by it (R7), and compares;
 *    what only they hold of the node lies at or below the horizon, and goes.
 * 3. It travels like any row. Who adopts it takes what it says for each actor of the node (`join.ts`).
 * 4. A row that says no more than the retirement says is told nobody. It stays while entries name its actor.
 */

import type { Actor, NodeId } from '../core/actor.ts';
import { equalSums, SUM_ZERO } from '../core/context.ts';
import { receivedVersionMax } from '../core/drift.ts';
import { BoatoError } from '../core/errors.ts';
import { retirementOf } from '../core/retirement.ts';
import { maxVersion, VERSION_ZERO } from '../core/version.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import type { Job } from './commit-group.ts';
import type { Committer } from './committer.ts';
import type { LiveRow } from './context-table.ts';
import { segmentsAbove, singleDotsAbove } from './keyspace.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

/** Keys of the dot index read at once. */
const PAGE_KEYS = 1000;

const COMPARING = 'this node compares itself with another one just now: try again when that is through';

/** How many rows went behind the one. Fails with `MEMBER_UNSETTLED`, having changed nothing. */
export function retireJob(nodeId: NodeId, maxDriftMs: number, isComparing: () => boolean): Job<number> {
  return {
    keys: [],
    bytes: 0,
    sync: true,
    decide: (transaction) => {
      const { context } = transaction.state;
      const rows = context.ofNode(nodeId).filter((row) => !row.isRetirement && !context.isRetired(row));
      // What the server of a comparison had seen is told by the rows that there were when it began.
      const reason = isComparing() ? COMPARING : whyUnsettled(transaction, rows, maxDriftMs);
      if (reason !== undefined) throw unsettled(nodeId, reason);
      if (rows.length > 0) retire(transaction, retirementOf(nodeId), rows);
      return rows.length;
    },
  };
}

/** Rows of actors that no entry names any more go, with what is left of their dot index. */
export async function pruneRetired(store: OrderedStore, state: State, committer: Committer): Promise<void> {
  for (const row of state.context.all()) {
    if (!isSpent(state, row)) continue;
    await committer.exclusive(async () => {
      const keys = await indexKeys(store, row);
      await committer.commitNow({
        keys: [],
        bytes: 0,
        sync: false,
        decide: (transaction) => {
          if (!isSpent(state, row)) return;
          for (const key of keys) transaction.delete(key);
          transaction.removeRow(row);
        },
      });
    });
  }
}

function retire(transaction: Transaction, retirement: Actor, rows: readonly LiveRow[]): void {
  const { state } = transaction;
  const own = transaction.row(retirement);
  const upTo = rows.reduce((highest, { received }) => maxVersion(highest, received), own.received);
  for (const row of [own, ...rows]) transaction.advance(row, upTo, upTo);
  state.horizon = maxVersion(state.horizon, upTo);
}

function whyUnsettled(
  { state, wallMs }: Transaction,
  rows: readonly LiveRow[],
  maxDriftMs: number,
): string | undefined {
  if (state.damaged || state.healing || state.bootstrapping)
    return 'this node has not yet a whole copy of the data';
  const isAtRest = ({ received, closed, cloud, loose }: LiveRow): boolean =>
    received === closed && equalSums(cloud, SUM_ZERO) && equalSums(loose, SUM_ZERO);
  if (!rows.every(isAtRest))
    return 'something of what it wrote, or had seen when it wrote, has not arrived here, and perhaps never will';
  if (rows.some(({ received }) => received > receivedVersionMax(wallMs, maxDriftMs)))
    return 'it wrote with a clock that ran far ahead: `store clock repair` takes that out';
  return undefined;
}

/** `reason`: of why a node is not forgotten for ever, yet. */
export function unsettled(nodeId: NodeId, reason: string): BoatoError {
  return new BoatoError('MEMBER_UNSETTLED', `Node ${nodeId} is not forgotten for ever: ${reason}.`);
}

function isSpent({ context }: State, row: LiveRow): boolean {
  return row.live === 0 && context.get(row.actor) === row && context.isRetired(row);
}

async function indexKeys(store: OrderedStore, { no }: LiveRow): Promise<readonly Uint8Array[]> {
  const keys: Uint8Array[] = [];
  for (const range of [segmentsAbove(no, VERSION_ZERO), singleDotsAbove(no, VERSION_ZERO)]) {
    const scan = store.scan({ ...range, keysOnly: true });
    try {
      for (let page = await scan.next(PAGE_KEYS); page.length > 0; page = await scan.next(PAGE_KEYS))
        for (const [key] of page) keys.push(key);
    } finally {
      await scan.close();
    }
  }
  return keys;
}
