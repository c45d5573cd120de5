/**
 * What is news here, and who is told of it next: rumor mongering by push, with feedback and a counter (Demers et al. 1987,
 * section 1.4). A rumour loses interest once `k` peers in a row knew it already, or all have it.
 */

import type { Actor, NodeId } from '../core/actor.ts';
import { payloadBytes } from '../core/entry.ts';
import type { Random } from '../ports/random.ts';
import type { Rumour } from '../ports/replica.ts';
import {
  compareRumours,
  FEEDBACK,
  type Feedback,
  type Mention,
  type News,
  openingOf,
  RUMOURS_MAX,
} from './rumour-codec.ts';

/** Batches that are news at once; what comes beyond is left to anti-entropy. */
const HOT_MAX = 1024;

/** A larger batch is mentioned, and pulled by whoever lacks it. */
const TOLD_BYTES_MAX = 16 * 1024;

/** Told to one peer at once; the rest waits for the next time. */
const TELLING_BYTES_MAX = 64 * 1024;

/** What a batch takes beside its keys and values, about. */
const BATCH_BYTES = 64;

interface Hot {
  readonly rumour: Rumour;
  readonly bytes: number;
  readonly knownBy: Set<NodeId>;
  /** Peers in a row that knew it. */
  unneeded: number;
}

/** What one peer is to be told. */
export interface Telling {
  readonly peer: NodeId;
  readonly news: News;
  /** What each of the rumours, and then each of the mentions, is about. */
  readonly subjects: readonly (readonly Hot[])[];
}

export class HotRumours {
  readonly #random: Random;
  readonly #fanout: number;
  readonly #unneededMax: number;
  readonly #hotByName = new Map<string, Hot>();

  constructor(random: Random, fanout: number, unneededMax: number) {
    this.#random = random;
    this.#fanout = fanout;
    this.#unneededMax = unneededMax;
  }

  get size(): number {
    return this.#hotByName.size;
  }

  /** `from`: the peer that told it; absent for an own write. */
  add(rumour: Rumour, from?: NodeId): void {
    if (this.#hotByName.size >= HOT_MAX) return;
    const name = nameOf(rumour);
    const known = this.#hotByName.get(name);
    const hot = known ?? { rumour, bytes: payloadBytes(rumour.entries), knownBy: new Set(), unneeded: 0 };
    if (from !== undefined) hot.knownBy.add(from);
    this.#hotByName.set(name, hot);
  }

  /** A peer told what is known here: it need not be told. */
  isKnownBy(rumour: Rumour, peer: NodeId): void {
    this.#hotByName.get(nameOf(rumour))?.knownBy.add(peer);
  }

  /** Everything that is news to a few random ones of `peers`. They count as told from now on: what is lost is lost. */
  tellings(peers: readonly NodeId[]): readonly Telling[] {
    const hotByPeer = new Map<NodeId, Hot[]>();
    const bytesByPeer = new Map<NodeId, number>();
    for (const [name, hot] of this.#hotByName) {
      const candidates = peers.filter((peer) => !hot.knownBy.has(peer));
      if (candidates.length === 0) this.#hotByName.delete(name);
      for (const peer of this.#some(candidates)) {
        const bytes = (bytesByPeer.get(peer) ?? 0) + BATCH_BYTES + (isTold(hot) ? hot.bytes : 0);
        const told = hotByPeer.get(peer) ?? [];
        if (bytes > TELLING_BYTES_MAX || told.length >= RUMOURS_MAX) continue;
        bytesByPeer.set(peer, bytes);
        hotByPeer.set(peer, told);
        told.push(hot);
        hot.knownBy.add(peer);
      }
    }
    return [...hotByPeer].map(([peer, told]) => tellingOf(peer, told));
  }

  /** What the peer answered of each of `telling.subjects`. What it could not take says nothing of how well known it is. */
  feedback({ subjects }: Telling, answers: readonly Feedback[]): void {
    for (const [at, hots] of subjects.entries()) {
      if (answers[at] === FEEDBACK.notHeld) continue;
      for (const hot of hots) {
        hot.unneeded = answers[at] === FEEDBACK.known ? hot.unneeded + 1 : 0;
        if (hot.unneeded >= this.#unneededMax) this.#hotByName.delete(nameOf(hot.rumour));
      }
    }
  }

  /** Up to `fanout` of `candidates`. */
  #some(candidates: readonly NodeId[]): readonly NodeId[] {
    const rest = [...candidates];
    const chosen: NodeId[] = [];
    while (chosen.length < this.#fanout && rest.length > 0) {
      const at = Math.floor(this.#random.fraction() * rest.length);
      chosen.push(...rest.splice(at, 1));
    }
    return chosen;
  }
}

function isTold({ bytes }: Hot): boolean {
  return bytes <= TOLD_BYTES_MAX;
}

function tellingOf(peer: NodeId, hots: readonly Hot[]): Telling {
  const sorted = hots.toSorted((a, b) => compareRumours(a.rumour, b.rumour));
  const told = sorted.filter(isTold);
  const mentionedByActor = new Map<Actor, Hot[]>();
  for (const hot of sorted) {
    if (isTold(hot)) continue;
    const { actor } = openingOf(hot.rumour);
    mentionedByActor.set(actor, [...(mentionedByActor.get(actor) ?? []), hot]);
  }
  const mentions = [...mentionedByActor].map(([actor, mentioned]): Mention => {
    return { actor, version: openingOf((mentioned.at(-1) as Hot).rumour).last };
  });
  return {
    peer,
    news: { rumours: told.map(({ rumour }) => rumour), mentions },
    subjects: [...told.map((hot) => [hot]), ...mentionedByActor.values()],
  };
}

function nameOf(rumour: Rumour): string {
  const { actor, first } = openingOf(rumour);
  return `${actor} ${first}`;
}
