/**
 * What two nodes tell of their contexts where more differs than what moved lately (since version 2 of the protocol): the
 * heads, those of the nodes that wrote last, and only if more differs all. What heads imply is worked out
 * (`peer-context.ts`), or asked for, chain by chain.
 */

import { type Actor, type NodeId, nodeIdOf } from '../core/actor.ts';
import { type Row, saysTheSame, unknownRow } from '../core/context.ts';
import { impliedBy } from '../core/heads.ts';
import type { Replica } from '../ports/replica.ts';
import type { Heads, HeadsReply } from './round-messages.ts';

/** Rows of one message; of a reply with more the rest is left out, and digests follow. Part of the protocol. */
export const HEADS_MAX = 4096;

/** Heads that are told first: those of nodes that are gone for ever are older, and stay behind the context hash. */
const NEWEST_HEADS_MAX = 64;

/** Actors whose chains one message asks for, and rows of the reply, which are some 120 kB. Part of the protocol. */
export const CHAINS_MAX = 256;
export const CHAIN_ROWS_MAX = 4096;

/** All heads of the nodes that wrote last, of one at least. */
export function newestHeads(heads: readonly Row[]): readonly Row[] {
  if (heads.length <= NEWEST_HEADS_MAX) return heads;
  const headsByNode = new Map<NodeId, Row[]>();
  for (const row of heads.toSorted((a, b) => b.received - a.received)) {
    const nodeId = nodeIdOf(row.actor);
    const ofNode = headsByNode.get(nodeId);
    if (ofNode === undefined) headsByNode.set(nodeId, [row]);
    else ofNode.push(row);
  }
  const newest: Row[] = [];
  for (const ofNode of headsByNode.values()) {
    if (newest.length > 0 && newest.length + ofNode.length > NEWEST_HEADS_MAX) break;
    // One by one: they may be more than a call has arguments.
    for (const row of ofNode) newest.push(row);
  }
  return newest;
}

/**
 * The responder's answer: its heads that it was not told, and its rows of those actors that it has otherwise. Of the nodes
 * that it was told of, and of those that wrote last here, or of all. `recent`: heads to list even if they agree.
 */
export function answerHeads(
  { rows, all }: Pick<Heads, 'rows' | 'all'>,
  replica: Pick<Replica, 'row' | 'heads' | 'contextHash'>,
  recent: ReadonlySet<Actor>,
): Pick<HeadsReply, 'rows' | 'contextHash'> {
  const own = replica.heads();
  const heads = all ? own : ofNodes(own, [...rows, ...newestHeads(own)]);
  const asked = rows.map(({ actor }) => replica.row(actor) ?? unknownRow(actor));
  const rowByActor = new Map([...heads, ...asked].map((row) => [row.actor, row]));
  const toldByActor = new Map(rows.map((row) => [row.actor, row]));
  const listed = [...rowByActor.values()].filter((row) => {
    const told = toldByActor.get(row.actor);
    return told === undefined || !saysTheSame(told, row) || recent.has(row.actor);
  });
  return { rows: ascending(listed.slice(0, HEADS_MAX)), contextHash: replica.contextHash() };
}

/** Those heads whose nodes have one of `rows`. */
function ofNodes(heads: readonly Row[], rows: readonly Row[]): readonly Row[] {
  const nodes = new Set(rows.map(({ actor }) => nodeIdOf(actor)));
  return heads.filter(({ actor }) => nodes.has(nodeIdOf(actor)));
}

/** Rows of `actors`, and of those before each of them, at most `steps` for each; as far as they are known. */
export function answerChains(
  actors: readonly Actor[],
  steps: number,
  replica: Pick<Replica, 'row'>,
): readonly Row[] {
  const rowByActor = new Map<Actor, Row>();
  for (const first of actors) {
    let actor: Actor | undefined = first;
    for (let left = steps; left > 0 && actor !== undefined && rowByActor.size < CHAIN_ROWS_MAX; left--) {
      const row = replica.row(actor);
      if (row === undefined || rowByActor.has(actor)) break;
      rowByActor.set(actor, row);
      actor = impliedBy(row)?.actor;
    }
  }
  return ascending(rowByActor.values());
}

export function ascending(rows: Iterable<Row>): readonly Row[] {
  return [...rows].toSorted((a, b) => (a.actor < b.actor ? -1 : 1));
}
