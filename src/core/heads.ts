/**
 * Which rows of a context have to be told: its *heads*, and not those that they imply (I9; `docs/ARCHITECTURE.md`, "What
 * travels grows with nodes, not with runs").
 *
 * A row implies what its link names: who is closed above an actor's birth is closed over its predecessor as far as the
 * link says. A row that says exactly that, and no more, is implied: so all runs of a node but its last usually are.
 */

import { type Actor, birthOf } from './actor.ts';
import { isTrivial, type Predecessor, type Row } from './context.ts';
import { type Version, VERSION_ZERO } from './version.ts';

/** The actor before `row`'s, and how far it is closed where this row is; `undefined` if the row implies nothing. */
export function impliedBy({
  actor,
  closed,
  predecessor,
}: Pick<Row, 'actor' | 'closed' | 'predecessor'>): Predecessor | undefined {
  return closed > birthOf(actor) ? predecessor : undefined;
}

/** Those rows that say something, and that the others do not imply. */
export function headsOf(rows: readonly Row[]): readonly Row[] {
  const impliedByActor = new Map<Actor, Version>();
  for (const row of rows) {
    const implied = impliedBy(row);
    if (implied === undefined) continue;
    const { actor, closed } = implied;
    if (closed > (impliedByActor.get(actor) ?? VERSION_ZERO)) impliedByActor.set(actor, closed);
  }
  return rows.filter((row) => !isTrivial(row) && !isAsFar(row, impliedByActor.get(row.actor)));
}

/** Whether the row says that so much was seen, and nothing else. */
function isAsFar({ received, closed, cloud, loose }: Row, version: Version | undefined): boolean {
  return received === version && closed === version && cloud.count === 0 && loose.count === 0;
}
