/**
 * The initiator's side of comparing heads: exactly the rows that differ, or that it cannot be told that way.
 *
 * 1. First the heads of the nodes that wrote last are told, then those of all.
 * 2. Rows differ only of nodes of which a head does: equal heads imply equal rows.
 * 3. What was found is checked: without the rows that differ, both contexts have the same hash. So nothing rests on the
 *    peer's keeping the invariant behind it (I9), nor on its standing still meanwhile.
 */

import { type Actor, type NodeId, nodeIdOf } from '../core/actor.ts';
import { isTrivial, type Row, saysTheSame, unknownRow } from '../core/context.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import { ROWS_MAX } from '../core/row-codec.ts';
import type { Replica } from '../ports/replica.ts';
import { type Comparison, comparisonOf } from './digest.ts';
import { ascending, CHAIN_ROWS_MAX, CHAINS_MAX, HEADS_MAX, newestHeads } from './heads.ts';
import type { Chains, ChainsReply, Heads, HeadsReply } from './messages.ts';
import { PeerContext } from './peer-context.ts';

/** Rows of a chain that are asked for first, then twice as many each time. */
const STEPS_FIRST = 16;

type Unnumbered<T> = Omit<T, 'request' | 'type'>;

/** The peer; both fail as `Channel.request` does. */
export interface HeadsPeer {
  heads(asked: Unnumbered<Heads>): Promise<Unnumbered<HeadsReply>>;
  chains(asked: Unnumbered<Chains>): Promise<Unnumbered<ChainsReply>>;
}

export interface CompareHeadsDependencies {
  readonly replica: Pick<Replica, 'row' | 'rows' | 'heads' | 'contextHash'>;
  readonly fingerprints: Fingerprints;
  /** Own rows to list even if they agree. */
  readonly recent: readonly Actor[];
}

/** `undefined`: it did not add up, or is too much; digests tell. */
export async function compareHeads(
  dependencies: CompareHeadsDependencies,
  peer: HeadsPeer,
): Promise<Comparison | undefined> {
  const heads = dependencies.replica.heads();
  const newest = newestHeads(heads);
  const first = await compareSome(dependencies, peer, newest, newest.length === heads.length);
  if (first !== undefined || newest.length === heads.length || heads.length > HEADS_MAX) return first;
  return compareSome(dependencies, peer, heads, true);
}

async function compareSome(
  { replica, fingerprints, recent }: CompareHeadsDependencies,
  peer: HeadsPeer,
  told: readonly Row[],
  all: boolean,
): Promise<Comparison | undefined> {
  const ownRow = (actor: Actor): Row => replica.row(actor) ?? unknownRow(actor);
  const reply = await peer.heads({ rows: ascending(told), all });
  const nodes = new Set<NodeId>();
  for (const row of reply.rows) if (!saysTheSame(row, ownRow(row.actor))) nodes.add(nodeIdOf(row.actor));
  const there = new PeerContext((actor) => replica.row(actor));
  const rowByActor = new Map([...told, ...reply.rows].map((row) => [row.actor, row]));
  for (const row of rowByActor.values()) if (nodes.has(nodeIdOf(row.actor))) there.tell(row);
  await fetchChains(there, peer);
  if (there.missing.size > 0) return undefined;
  const differing = differences(replica.rows(), there.rows(), nodes);
  const own = differing.map(({ actor }) => ownRow(actor));
  const isAll =
    hashWithout(replica.contextHash(), own, fingerprints) ===
    hashWithout(reply.contextHash, differing, fingerprints);
  if (!isAll) return undefined;
  const listed = [...new Map([...reply.rows, ...differing].map((row) => [row.actor, row])).values()];
  const heads = new Set(told.map(({ actor }) => actor));
  return comparisonOf(
    {
      rows: ascending(listed.filter((row) => !isTrivial(row))),
      lacks: new Set(listed.filter(isTrivial).map(({ actor }) => actor)),
      recent: recent.filter((actor) => heads.has(actor)),
    },
    ownRow,
  );
}

/** What is missing of the chains of `there`; something still is if the peer does not know it, or it is too much. */
async function fetchChains(there: PeerContext, peer: HeadsPeer): Promise<void> {
  for (let steps = STEPS_FIRST; there.missing.size > 0; steps = Math.min(2 * steps, CHAIN_ROWS_MAX)) {
    const before = there.size - there.missing.size;
    const actors = [...there.missing].slice(0, CHAINS_MAX).toSorted();
    const { rows } = await peer.chains({ rows: actors.map(unknownRow), steps });
    for (const row of rows) there.tell(row);
    const isMore = there.size - there.missing.size > before;
    if (!isMore || there.size > ROWS_MAX) return;
  }
}

/** The peer's rows of these nodes that differ from the own ones; `there`: all that say anything. */
function differences(own: readonly Row[], there: readonly Row[], nodes: ReadonlySet<NodeId>): readonly Row[] {
  const ownByActor = new Map<Actor, Row>();
  for (const row of own) if (nodes.has(nodeIdOf(row.actor))) ownByActor.set(row.actor, row);
  const thereByActor = new Map(there.map((row) => [row.actor, row]));
  const actors = new Set([...ownByActor.keys(), ...thereByActor.keys()]);
  return [...actors].flatMap((actor) => {
    const row = thereByActor.get(actor) ?? unknownRow(actor);
    return saysTheSame(row, ownByActor.get(actor) ?? unknownRow(actor)) ? [] : [row];
  });
}

function hashWithout(hash: bigint, rows: readonly Row[], fingerprints: Fingerprints): bigint {
  return BigInt.asUintN(
    64,
    rows.reduce((rest, row) => rest - fingerprints.row(row), hash),
  );
}
