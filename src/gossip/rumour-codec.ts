/**
 * Rumours as they travel (`docs/PROTOCOL.md`, "Rumours"): a row for each actor, one chunk with all batches, and how far
 * each batch lies above the entry before it. A row that says more than its batches mentions what is too large to be sent.
 */

import { type Actor, birthOf } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { type Predecessor, type Row, SUM_ZERO } from '../core/context.ts';
import { type Entry, isSameBatch } from '../core/entry.ts';
import { decodePlainRows, encodePlainRows } from '../core/row-codec.ts';
import type { Version } from '../core/version.ts';
import type { Rumour } from '../ports/replica.ts';
import { type ChunkLimits, ChunkPacker, unpackChunk } from './chunk.ts';
import { checkOrder } from './chunk-order.ts';
import type { Rumours } from './mongering-messages.ts';

/** Batches and mentions of one message. Part of the protocol. */
export const RUMOURS_MAX = 1024;

/** An actor has written up to this version, and more than is sent along. */
export interface Mention {
  readonly actor: Actor;
  readonly version: Version;
}

export interface News {
  /** By actor, then ascending. */
  readonly rumours: readonly Rumour[];
  /** By actor. */
  readonly mentions: readonly Mention[];
}

type Packed = Pick<Rumours, 'rows' | 'entries' | 'steps'>;

/** By actor, then ascending. */
export function compareRumours(a: Rumour, b: Rumour): number {
  const [one, other] = [openingOf(a), openingOf(b)];
  return byActor(one, other) || one.first - other.first;
}

export function openingOf({ entries }: Rumour): Entry {
  return entries[0] as Entry;
}

/** The bytes of a message. */
export function packNews({ rumours, mentions }: News): Packed {
  const packer = new ChunkPacker();
  const steps = new ByteWriter(64);
  const upTo = new Map<Actor, { received: Version; predecessor: Predecessor | undefined }>();
  for (const { entries, prev, predecessor } of rumours) {
    for (const entry of entries) packer.add(entry);
    const { actor, first, last } = entries[0] as Entry;
    steps.varint(first - prev);
    upTo.set(actor, { received: last, predecessor });
  }
  for (const { actor, version } of mentions)
    upTo.set(actor, { received: version, predecessor: upTo.get(actor)?.predecessor });
  const rows = [...upTo].map(([actor, { received, predecessor }]): Row => {
    return { actor, received, closed: received, cloud: SUM_ZERO, loose: SUM_ZERO, predecessor };
  });
  return {
    rows: encodePlainRows(rows.toSorted(byActor)),
    entries: packer.finish(),
    steps: steps.finish(),
  };
}

/** Throws `MalformedBytes` on anything that `packNews` does not write. */
export function unpackNews({ rows: packedRows, entries: packed, steps }: Packed, limits: ChunkLimits): News {
  const rows = decodePlainRows(packedRows);
  const rowByActor = new Map(rows.map((row) => [row.actor, row]));
  const entries = unpackChunk(packed, limits);
  checkOrder(entries, 'version');
  const reader = new ByteReader(steps);
  const rumours: Rumour[] = [];
  const sentUpTo = new Map<Actor, Version>();
  for (let at = 0; at < entries.length;) {
    const batch = batchAt(entries, at);
    at += batch.length;
    const { actor, first, last } = batch[0] as Entry;
    const row = rowByActor.get(actor);
    if (row === undefined || last > row.received) throw new MalformedBytes('a rumour beyond its row');
    const prev = (first - reader.varint()) as Version;
    if (prev >= first || prev < (sentUpTo.get(actor) ?? birthOf(actor)))
      throw new MalformedBytes('a rumour whose predecessor lies elsewhere');
    rumours.push({ entries: batch, prev, predecessor: row.predecessor });
    sentUpTo.set(actor, last);
  }
  reader.end();
  const mentions = rows
    .filter(({ actor, received }) => received > (sentUpTo.get(actor) ?? 0))
    .map(({ actor, received }): Mention => ({ actor, version: received }));
  if (rows.some(isMoreThanARumour)) throw new MalformedBytes('a row of a rumour with a past');
  if (rumours.length + mentions.length > RUMOURS_MAX) throw new MalformedBytes('too many rumours at once');
  return { rumours, mentions };
}

/** Whole: every version of it. */
function batchAt(entries: readonly Entry[], from: number): readonly Entry[] {
  const opening = entries[from] as Entry;
  let end = from + 1;
  while (end < entries.length && isSameBatch(opening, entries[end] as Entry)) end++;
  const batch = entries.slice(from, end);
  const isWhole = batch.length === opening.last - opening.first + 1;
  if (!isWhole || batch.some(({ first }) => first !== opening.first))
    throw new MalformedBytes('a rumour of a part of a batch');
  return batch;
}

function isMoreThanARumour({ received, closed, cloud, loose }: Row): boolean {
  return closed !== received || cloud.count > 0 || loose.count > 0;
}

function byActor(a: { readonly actor: Actor }, b: { readonly actor: Actor }): number {
  return a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0;
}
