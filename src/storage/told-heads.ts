/**
 * What was told as tokens carry it: its heads (`core/heads.ts`). What they imply is what was told, too, and known wherever
 * they are: who has received of an actor knows its link.
 */

import type { Actor } from '../core/actor.ts';
import { type Row, SUM_ZERO } from '../core/context.ts';
import { headsOf, impliedBy } from '../core/heads.ts';
import { isRetiredIn } from '../core/retirement.ts';
import { maxVersion, VERSION_ZERO } from '../core/version.ts';
import { NO_DOTS, type PinnedContext, type Told, type ToldRow } from './told-context.ts';

/** Without the rows that others imply, or the retirement of their node does. */
export function toldHeads(rowByActor: ReadonlyMap<Actor, ToldRow>): ReadonlyMap<Actor, ToldRow> {
  const rows = [...rowByActor].map(([actor, { received, closed, dots, predecessor }]): Row => {
    const cloud = { count: dots.size, sum: 0n };
    return { actor, received, closed, cloud, loose: SUM_ZERO, predecessor };
  });
  const rowOf = new Map(rows.map((row) => [row.actor, row]));
  const heads = headsOf(rows).filter((row) => !isRetiredIn(row, (actor) => rowOf.get(actor)));
  return new Map(heads.map(({ actor }) => [actor, rowByActor.get(actor) as ToldRow]));
}

/** With them, as far as their links are known in `context`. */
export function withImplied(told: Told, { rows }: PinnedContext): Told {
  const { rowByActor } = told;
  const linkByActor = new Map(rows.map(({ actor, predecessor }) => [actor, predecessor]));
  const all = new Map<Actor, ToldRow>();
  for (const [actor, row] of rowByActor) all.set(actor, { ...row, predecessor: linkByActor.get(actor) });
  for (const [actor, { closed }] of rowByActor) {
    let implied = impliedBy({ actor, closed, predecessor: linkByActor.get(actor) });
    while (implied !== undefined) {
      const before = implied.actor;
      const row = all.get(before);
      if (row !== undefined && row.closed >= implied.closed) break;
      const received = maxVersion(row?.received ?? VERSION_ZERO, implied.closed);
      const link = linkByActor.get(before);
      all.set(before, { received, closed: implied.closed, dots: row?.dots ?? NO_DOTS, predecessor: link });
      implied = impliedBy({ actor: before, closed: implied.closed, predecessor: link });
    }
  }
  return { ...told, rowByActor: all };
}
