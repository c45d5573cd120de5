/**
 * Push-pull of all that two members know (Demers et al. 1987, section 1.3; as in HashiCorp's memberlist): when a link opens,
 * and now and then, so that what was told while somebody was away longer than news are told reaches it all the same.
 *
 * 1. Equal digests end it.
 * 2. Else whoever noticed sends its records page by page, and is answered with what the other knows better: each page asks
 *    for the next, and the answering side keeps nothing in between.
 */

import type { NodeId } from '../core/actor.ts';
import type { Members, MembersReply } from './member-messages.ts';
import type { MemberNetwork } from './member-network.ts';
import { compareRecords, type MemberRecord, STATUSES, type Update } from './member.ts';
import type { Sequences } from './sequences.ts';
import { updateBytes, UPDATES_BYTES_MAX } from './update-codec.ts';

/** Exchanges that wait for an answer; beyond it the oldest is given up. */
const UNDER_WAY_MAX = 64;

interface Waiting {
  readonly peer: NodeId;
  /** Where this page begins. */
  readonly after: string;
  /** Where the next page begins if the answer is whole; `undefined` after the last one. */
  readonly next: string | undefined;
}

interface Page {
  readonly records: readonly Update[];
  /** There are more. */
  readonly isCut: boolean;
}

export interface StateExchangeDependencies {
  readonly network: MemberNetwork;
  readonly sequences: Sequences;
  /** All records, the own one included, ascending by name. */
  readonly records: () => readonly Update[];
  /** What a peer knows. */
  readonly hear: (from: NodeId, records: readonly Update[]) => void;
}

export class StateExchange {
  readonly #dependencies: StateExchangeDependencies;
  readonly #waitingBySequence = new Map<number, Waiting>();

  constructor(dependencies: StateExchangeDependencies) {
    this.#dependencies = dependencies;
  }

  /** Tells `peer` the digest. */
  offer(peer: NodeId): void {
    const { network, records } = this.#dependencies;
    network.send(peer, { type: 'members-digest', digest: digestOf(records()) });
  }

  /** A peer told its digest: if it knows otherwise, pages follow. */
  compare(from: NodeId, digest: number): void {
    if (digest !== digestOf(this.#dependencies.records())) this.#send(from, '');
  }

  /** A page of a peer, answered with what is known better here. */
  answer(from: NodeId, { sequence, after, isLast, records: theirs }: Members): void {
    const { network, records, hear } = this.#dependencies;
    hear(from, theirs);
    const through = theirs.at(-1)?.nodeId;
    const theirsById = new Map<NodeId, MemberRecord>(theirs.map((record) => [record.nodeId, record]));
    const better = records().filter((record) => {
      if (record.nodeId <= after || (!isLast && (through === undefined || record.nodeId > through)))
        return false;
      const known = theirsById.get(record.nodeId);
      return known === undefined || compareRecords(record, known) > 0;
    });
    const page = pageOf(better);
    network.send(from, { type: 'members-reply', sequence, isCut: page.isCut, records: page.records });
  }

  /** The answer to a page; the next one follows. */
  proceed(from: NodeId, { sequence, isCut, records }: MembersReply): void {
    const waiting = this.#waitingBySequence.get(sequence);
    if (waiting?.peer !== from) return;
    this.#waitingBySequence.delete(sequence);
    this.#dependencies.hear(from, records);
    const next = isCut ? records.at(-1)?.nodeId : waiting.next;
    if (next !== undefined && next > waiting.after) this.#send(from, next);
  }

  #send(peer: NodeId, after: string): void {
    const { network, sequences, records: all } = this.#dependencies;
    const { records, isCut } = pageOf(all().filter(({ nodeId }) => nodeId > after));
    const sequence = sequences.next();
    this.#waitingBySequence.set(sequence, { peer, after, next: isCut ? records.at(-1)?.nodeId : undefined });
    const [oldest] = this.#waitingBySequence.keys();
    if (this.#waitingBySequence.size > UNDER_WAY_MAX && oldest !== undefined)
      this.#waitingBySequence.delete(oldest);
    network.send(peer, { type: 'members', sequence, after, isLast: !isCut, records });
  }
}

function pageOf(records: readonly Update[]): Page {
  const page: Update[] = [];
  let bytes = 0;
  for (const record of records) {
    bytes += updateBytes(record);
    if (bytes > UPDATES_BYTES_MAX) return { records: page, isCut: true };
    page.push(record);
  }
  return { records: page, isCut: false };
}

/**
 * 32 bits of names, incarnations and statuses: a sum of hashes, in any order. Two tables that differ have the same one once
 * in 2^32, until the next change. Part of the protocol.
 */
export function digestOf(records: readonly MemberRecord[]): number {
  let sum = 0;
  for (const { nodeId, incarnation, status } of records)
    sum = (sum + mixed(fnv1a(`${nodeId} ${incarnation} ${STATUSES.indexOf(status)}`))) >>> 0;
  return sum;
}

function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  return hash;
}

/**
 * The end of MurmurHash3 (Appleby). Without it another status, the last character, changes a hash by one of a few amounts,
 * and the sums of two halves of a cluster, each of which finds the other down, are the same.
 */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}
