/** Own writes, and what is news from others, as they are told: whole, or mentioned where they are large. */

import type { Actor, NodeId } from '../core/actor.ts';
import { payloadBytes } from '../core/entry.ts';
import type { Random } from '../ports/random.ts';
import type { Rumour } from '../ports/replica.ts';
import type { Feedback } from './feedback.ts';
import { type Hot, HotNews } from './hot-news.ts';
import { compareRumours, type Mention, type News, openingOf, RUMOURS_MAX } from './rumour-codec.ts';

/** A larger batch is mentioned, and pulled by whoever lacks it. */
const TOLD_BYTES_MAX = 16 * 1024;

/** What a batch takes beside its keys and values, about. */
const BATCH_BYTES = 64;

/** A class for the sake of V8: `core/young.ts`. */
class HotRumour {
  readonly rumour: Rumour;
  /** Of keys and values. */
  readonly bytes: number;

  constructor(rumour: Rumour) {
    this.rumour = rumour;
    this.bytes = payloadBytes(rumour.entries);
  }
}

/** What one peer is to be told. */
export interface Telling {
  readonly peer: NodeId;
  readonly news: News;
  /** What each of the rumours, and then each of the mentions, is about. */
  readonly subjects: readonly (readonly Hot<HotRumour>[])[];
}

export class HotRumours {
  readonly #hot: HotNews<HotRumour>;

  constructor(random: Random, fanout: number, unneededMax: number) {
    this.#hot = new HotNews({
      random,
      fanout,
      unneededMax,
      itemsMax: RUMOURS_MAX,
      nameOf: ({ rumour }) => nameOf(rumour),
      bytesOf: (item) => BATCH_BYTES + (isTold(item) ? item.bytes : 0),
    });
  }

  get size(): number {
    return this.#hot.size;
  }

  /** `from`: the peer that told it; absent for an own write. */
  add(rumour: Rumour, from?: NodeId): void {
    this.#hot.add(new HotRumour(rumour), from);
  }

  /** A peer told what is known here: it need not be told. */
  isKnownBy(rumour: Rumour, peer: NodeId): void {
    this.#hot.isKnownBy(nameOf(rumour), peer);
  }

  /** As of `HotNews`. */
  tellings(peers: readonly NodeId[]): readonly Telling[] {
    return [...this.#hot.tellings(peers)].map(([peer, told]) => tellingOf(peer, told));
  }

  /** What the peer answered of each of `telling.subjects`. */
  feedback({ subjects }: Telling, answers: readonly Feedback[]): void {
    for (const [at, hots] of subjects.entries())
      for (const hot of hots) this.#hot.feedback(hot, answers[at] as Feedback);
  }
}

function isTold({ bytes }: HotRumour): boolean {
  return bytes <= TOLD_BYTES_MAX;
}

function tellingOf(peer: NodeId, hots: readonly Hot<HotRumour>[]): Telling {
  const sorted = hots.toSorted((a, b) => compareRumours(a.item.rumour, b.item.rumour));
  const told = sorted.filter(({ item }) => isTold(item));
  const mentionedByActor = new Map<Actor, Hot<HotRumour>[]>();
  for (const hot of sorted) {
    if (isTold(hot.item)) continue;
    const { actor } = openingOf(hot.item.rumour);
    mentionedByActor.set(actor, [...(mentionedByActor.get(actor) ?? []), hot]);
  }
  const mentions = [...mentionedByActor].map(([actor, mentioned]): Mention => {
    return { actor, version: openingOf((mentioned.at(-1) as Hot<HotRumour>).item.rumour).last };
  });
  return {
    peer,
    news: { rumours: told.map(({ item }) => item.rumour), mentions },
    subjects: [...told.map((hot) => [hot]), ...mentionedByActor.values()],
  };
}

function nameOf(rumour: Rumour): string {
  const { actor, first } = openingOf(rumour);
  return `${actor} ${first}`;
}
