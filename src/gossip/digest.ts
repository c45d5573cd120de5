/** Which actors' rows differ between two nodes: pages of hashes, answered with the rows that differ. */

import type { Actor } from '../core/actor.ts';
import { dominates, isTrivial, type Row } from '../core/context.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import { knownRow } from '../core/retirement.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import { DIGEST_PAIRS_MAX } from './hash-list.ts';
import type { Digest, DigestPair, DigestReply, RecentReply } from './round-messages.ts';

const HASH_MAX = 0xffff_ffff_ffff_ffffn;

/** Rows that moved so lately are part of a session even if they agree: they are likely to move again before it opens. */
const RECENT_MS = 10_000;
const RECENT_ROWS_MAX = 256;

export function recentActors(replica: Replica, clock: Clock): readonly Actor[] {
  return replica.movedSince(clock.monotonicMs() - RECENT_MS, RECENT_ROWS_MAX);
}

export type DigestPage = Pick<Digest, 'from' | 'to' | 'pairs'>;

interface HashedRow extends DigestPair {
  readonly row: Row;
}

/** All rows that say something, in pages whose ranges cover every hash. */
export function digestPages(rows: readonly Row[], fingerprints: Fingerprints): DigestPage[] {
  const pairs = hashRows(rows, fingerprints).filter(({ row }) => !isTrivial(row));
  const pages: DigestPage[] = [];
  let from = 0n;
  for (let at = 0; at === 0 || at < pairs.length; at += DIGEST_PAIRS_MAX) {
    const page = pairs.slice(at, at + DIGEST_PAIRS_MAX);
    const isLast = at + DIGEST_PAIRS_MAX >= pairs.length;
    const to = isLast ? HASH_MAX : (page.at(-1) as HashedRow).actorHash;
    pages.push({ from, to, pairs: page.map(({ actorHash, rowHash }) => ({ actorHash, rowHash })) });
    from = to + 1n;
  }
  return pages;
}

/** The responder's answer to one page. `recent`: actors to list even if their rows agree. */
export function answerDigest(
  page: DigestPage,
  rows: readonly Row[],
  recent: ReadonlySet<Actor>,
  fingerprints: Fingerprints,
): Pick<DigestReply, 'rows' | 'lacking'> {
  const theirs = new Map(page.pairs.map(({ actorHash, rowHash }) => [actorHash, rowHash]));
  const listed: Row[] = [];
  const known = new Set<bigint>();
  for (const { row, actorHash, rowHash } of hashRows(rows, fingerprints)) {
    if (actorHash < page.from || actorHash > page.to) continue;
    known.add(actorHash);
    if ((theirs.get(actorHash) ?? 0n) !== rowHash || recent.has(row.actor)) listed.push(row);
  }
  return {
    rows: listed.toSorted((a, b) => (a.actor < b.actor ? -1 : 1)),
    lacking: page.pairs.map(({ actorHash }) => actorHash).filter((actorHash) => !known.has(actorHash)),
  };
}

/** What a node says of these actors: its rows that say anything, and the hash of all its others. */
export function answerRecent(
  replica: Pick<Replica, 'row' | 'contextHash'>,
  actors: Iterable<Actor>,
  fingerprints: Fingerprints,
): Pick<RecentReply, 'rows' | 'restHash'> {
  const rows = [...new Set(actors)]
    .toSorted()
    .flatMap((actor) => replica.row(actor) ?? [])
    .filter((row) => !isTrivial(row));
  const hash = rows.reduce((sum, row) => sum + fingerprints.row(row), 0n);
  return { rows, restHash: BigInt.asUintN(64, replica.contextHash() - hash) };
}

/** What the puller learns from the answer to its recent rows; `undefined` if more than those differs. */
export function compareRecent(
  replica: Pick<Replica, 'row' | 'contextHash'>,
  asked: readonly Row[],
  answer: Pick<RecentReply, 'rows' | 'restHash'>,
  fingerprints: Fingerprints,
): Comparison | undefined {
  const askedActors = asked.map(({ actor }) => actor);
  const listed = new Set(answer.rows.map(({ actor }) => actor));
  const own = answerRecent(replica, [...askedActors, ...listed], fingerprints);
  if (own.restHash !== answer.restHash) return undefined;
  const lacking = askedActors.filter((actor) => !listed.has(actor)).map((actor) => fingerprints.actor(actor));
  return compareRows(own.rows, [{ rows: answer.rows, lacking }], askedActors, fingerprints);
}

/** What the puller learns from the answers. */
export interface Comparison {
  /** Every actor whose rows may differ, ascending: those of a session. */
  readonly actors: readonly Actor[];
  /** The responder's rows among them. */
  readonly rows: readonly Row[];
  /** Actors that the responder knows nothing of, though this node does. */
  readonly lacks: ReadonlySet<Actor>;
  /** Actors of which the responder has seen something that this node has not. */
  readonly behind: number;
}

export function compareRows(
  own: readonly Row[],
  answers: readonly Pick<DigestReply, 'rows' | 'lacking'>[],
  recent: readonly Actor[],
  fingerprints: Fingerprints,
): Comparison {
  const rowByActor = new Map(own.map((row) => [row.actor, row]));
  const lacking = new Set(answers.flatMap((answer) => answer.lacking));
  const lacks = new Set<Actor>();
  if (lacking.size > 0) {
    for (const { actor } of own) if (lacking.has(fingerprints.actor(actor))) lacks.add(actor);
  }
  const rows = answers.flatMap((answer) => answer.rows);
  return comparisonOf({ rows, lacks, recent }, (actor) => rowByActor.get(actor));
}

/** `recent`: actors to list even if they agree. */
export function comparisonOf(
  { rows, lacks, recent }: Pick<Comparison, 'rows' | 'lacks'> & { readonly recent: readonly Actor[] },
  ownRow: (actor: Actor) => Row | undefined,
): Comparison {
  const actors = new Set<Actor>([...recent, ...lacks, ...rows.map(({ actor }) => actor)]);
  const behind = rows.filter((row) => !dominates(knownRow(row.actor, ownRow), row));
  return { actors: [...actors].toSorted(), rows, lacks, behind: behind.length };
}

function hashRows(rows: readonly Row[], fingerprints: Fingerprints): HashedRow[] {
  return rows
    .map((row) => ({ row, actorHash: fingerprints.actor(row.actor), rowHash: fingerprints.row(row) }))
    .toSorted((a, b) => (a.actorHash < b.actorHash ? -1 : a.actorHash > b.actorHash ? 1 : 0));
}
