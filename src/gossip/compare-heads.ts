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
import type { Chains, ChainsReply, Heads, HeadsReply } from './round-messages.ts';
import { PeerContext } from './peer-context.ts';

/** Rows of a chain that are asked for first, then twice as many each time. */
const STEPS_FIRST = 16;

/** As many rows as a session has at most. */
const CHAIN_REQUESTS_MAX = ROWS_MAX / CHAIN_ROWS_MAX;

type Unnumbered<T> = Omit<T, 'request' | 'type'>;

/** The peer; both fail as `Channel.request` does. */
export interface HeadsPeer {
  heads(asked: Unnumbered<Heads>): Promise<Unnumbered<HeadsReply>>;
  chains(asked: Unnumbered<Chains>): Promise<Unnumbered<ChainsReply>>;
}

export interface CompareHeadsDependencies {
  readonly replica: Pick<Replica, 'row' | 'rows' | 'heads' | 'contextHash'>;
  readonly fingerprints: Fingerprints;
  /** Own rows that moved lately: they are compared as they are by then, and those of them that are heads listed. */
  readonly recent: () => readonly Actor[];
}

/** `undefined`: it did not add up, or is too much; digests tell. */
export async function compareHeads(
  dependencies: CompareHeadsDependencies,
  peer: HeadsPeer,
): Promise<Comparison | undefined> {
  const heads = dependencies.replica.heads();
  const newest = newestHeads(heads);
  const isAll = newest.length === heads.length;
  const found = await compareSome(dependencies, peer, newest, isAll);
  return found === undefined && !isAll ? compareSome(dependencies, peer, heads, true) : found;
}

async function compareSome(
  { replica, fingerprints, recent }: CompareHeadsDependencies,
  peer: HeadsPeer,
  told: readonly Row[],
  all: boolean,
): Promise<Comparison | undefined> {
  if (told.length > HEADS_MAX) return undefined;
  const ownRow = (actor: Actor): Row => replica.row(actor) ?? unknownRow(actor);
  // Links are of use to whoever lacks something; the peer only compares.
  const rows = ascending(told).map((row) => ({ ...row, predecessor: undefined }));
  const reply = await peer.heads({ rows, all });
  const headByActor = new Map([...told, ...reply.rows].map((row) => [row.actor, row]));
  const moved = recent();
  const nodes = nodesThatDiffer([...headByActor.values()], moved, ownRow);
  const there = new PeerContext((actor) => replica.row(actor));
  for (const row of headByActor.values()) if (nodes.has(nodeIdOf(row.actor))) there.tell(row);
  await fetchChains(there, peer);
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
      recent: moved.filter((actor) => heads.has(actor)),
    },
    (actor) => replica.row(actor),
  );
}

/** `heads`: the peer's. What moved here since they were told may differ by now. */
function nodesThatDiffer(
  heads: readonly Row[],
  moved: readonly Actor[],
  ownRow: (actor: Actor) => Row,
): ReadonlySet<NodeId> {
  const told = new Set(heads.map(({ actor }) => nodeIdOf(actor)));
  const differing = heads.filter((row) => !saysTheSame(row, ownRow(row.actor)));
  const nodes = [...differing.map(({ actor }) => actor), ...moved].map((actor) => nodeIdOf(actor));
  return new Set(nodes.filter((nodeId) => told.has(nodeId)));
}

/** What is missing of the chains of `there`. If the peer does not answer, or it is too much, nothing will add up. */
async function fetchChains(there: PeerContext, peer: HeadsPeer): Promise<void> {
  let steps = STEPS_FIRST;
  for (let requests = 0; there.missing.size > 0 && requests < CHAIN_REQUESTS_MAX; requests++) {
    const actors = [...there.missing].slice(0, CHAINS_MAX).toSorted();
    // So many that there is room for all.
    const each = Math.min(steps, Math.floor(CHAIN_ROWS_MAX / actors.length));
    const { rows } = await peer.chains({ rows: actors.map(unknownRow), steps: each });
    for (const row of rows) there.tell(row);
    if (actors.some((actor) => there.missing.has(actor))) return;
    steps *= 2;
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
