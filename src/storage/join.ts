/** The causal context of a session's snapshot joined into the own one (R4), and whether that would be too early (R7). */

import { type Actor, birthOf, nodeIdOf } from '../core/actor.ts';
import { type FullRow, isLate, joinVersions, type Row, SUM_ZERO, type Sum } from '../core/context.ts';
import { addSum, type Fingerprints } from '../core/fingerprint.ts';
import { isRetirement, knowsOf, rowlessRow } from '../core/retirement.ts';
import { maxVersion, type Version } from '../core/version.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import type { NewSession } from '../ports/replica.ts';
import type { ContextTable, LiveRow } from './context-table.ts';
import type { OnDamage } from './damage.ts';
import { EntryReader } from './entry-reader.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

export type LooseSums = ReadonlyMap<Actor, Sum>;

/** R7: whether a deletion that is not known here may have been collected there, or here. */
export function isSessionLate(state: State, rows: readonly Row[], serverHorizon: Version): boolean {
  const horizon = maxVersion(state.horizon, serverHorizon);
  return rows.some((row) => isLate(state.context.known(row.actor), row.closed, row.actor, horizon));
}

/** Loose sums as they will be after `session` is joined, of the rows that the join moves. */
export async function foldLoose(
  store: OrderedStore,
  state: State,
  session: NewSession,
  onDamage: OnDamage,
): Promise<LooseSums> {
  const { context } = state;
  const reader = new EntryReader(store, context, onDamage);
  const looseByActor = new Map<Actor, Sum>();
  for (const [row, other] of looseRows(context, session)) {
    const received = maxVersion(row.received, other.received);
    looseByActor.set(
      other.actor,
      isCovered(row, other)
        ? SUM_ZERO
        : await foldRow(reader, state.fingerprints, row, received, joinedCloud(row, other)),
    );
  }
  return looseByActor;
}

/** Whether `foldLoose` reads the dot index. */
export function isIndexRead({ context }: State, session: NewSession | undefined): boolean {
  if (session === undefined) return false;
  return [...looseRows(context, session)].some(([row, other]) => !isCovered(row, other));
}

/** Own rows with loose dots that the join moves, each with what it is joined with. */
function* looseRows(context: ContextTable, { rows }: NewSession): Generator<readonly [LiveRow, FullRow]> {
  for (const other of withRetired(context, rows)) {
    const row = context.get(other.actor);
    if (row !== undefined && row.loose.count > 0) yield [row, other];
  }
}

/** No entry of the actor is left beyond what will have been received. */
function isCovered(row: LiveRow, other: FullRow): boolean {
  return maxVersion(row.received, other.received) >= row.indexed;
}

async function foldRow(
  reader: EntryReader,
  fingerprints: Fingerprints,
  row: LiveRow,
  received: Version,
  cloud: ReadonlySet<Version>,
): Promise<Sum> {
  const scan = reader.byVersion(row.no, received);
  try {
    let sum = SUM_ZERO;
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
      for (const { version } of page) {
        if (!cloud.has(version)) sum = addSum(sum, fingerprints.dot(row.actor, version));
      }
    }
    return sum;
  } finally {
    await scan.close();
  }
}

function joinedCloud(row: LiveRow, other: FullRow): ReadonlySet<Version> {
  return new Set([...row.cloudVersions, ...other.cloudVersions]);
}

/** R4: the context and horizon of the snapshot are joined into the own ones. `looseByActor`: of `foldLoose`. */
export function join(transaction: Transaction, session: NewSession, looseByActor: LooseSums): void {
  const { state } = transaction;
  for (const other of withRetired(state.context, session.rows)) {
    const row = transaction.row(other.actor);
    const joined = joinVersions(row, other);
    state.context.link(row, joined.predecessor);
    transaction.advance(row, joined.received, joined.closed);
    for (const version of other.cloudVersions) transaction.see(row, version);
    const loose = looseByActor.get(other.actor);
    if (loose !== undefined) state.context.setLoose(row, loose);
  }
  for (const other of session.rows) impliedByPredecessor(transaction, transaction.row(other.actor));
  state.horizon = maxVersion(state.horizon, session.horizon);
  state.see(session.horizon);
  // Torn batches may be among the loose dots, unless this was the first copy that tore them: another server, compared with
  // or not, may never have had what they lack.
  if (session.order === 'key' || state.context.looseDots === 0) state.bootstrapping = false;
}

/** With what retirements among them say of actors that are known here, and not listed. */
function withRetired(context: ContextTable, rows: readonly FullRow[]): readonly FullRow[] {
  const listed = new Set(rows.map(({ actor }) => actor));
  const implied = rows
    .filter(({ actor }) => isRetirement(actor))
    .flatMap((retirement) =>
      context
        .ofNode(nodeIdOf(retirement.actor))
        .filter(({ actor }) => !listed.has(actor) && knowsOf(retirement.closed, actor))
        .map(({ actor }) => ({ ...rowlessRow(actor, retirement.closed), cloudVersions: [] })),
    );
  return implied.length === 0 ? rows : [...rows, ...implied];
}

/** I9: who is closed (received) above an actor's birth is so over its predecessor as far as it names it. */
function impliedByPredecessor(transaction: Transaction, row: LiveRow): void {
  const { predecessor } = row;
  if (predecessor === undefined || row.received <= birthOf(row.actor)) return;
  const before = transaction.row(predecessor.actor);
  // A correct server's own rows imply this already; from any other, loose sums must not be left behind.
  if (before.loose.count > 0) return;
  const closed = row.closed > birthOf(row.actor) ? predecessor.closed : birthOf(predecessor.actor);
  transaction.advance(before, predecessor.closed, closed);
}
