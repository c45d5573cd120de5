import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import { HotRumours, type Telling } from '../../src/gossip/hot-rumours.ts';
import { FEEDBACK } from '../../src/gossip/feedback.ts';
import type { Rumour } from '../../src/ports/replica.ts';

const ACTOR = makeActor('writer' as NodeId, 100 as Version, 1);
const PEERS = ['a', 'b', 'c', 'd', 'e'] as NodeId[];

function rumour(version: number, valueBytes: number = 1): Rumour {
  const at = version as Version;
  const entry = {
    actor: ACTOR,
    key: new TextEncoder().encode(`key-${version}`),
    version: at,
    first: at,
    last: at,
    tombstone: false,
    value: new Uint8Array(valueBytes),
    expiresAt: undefined,
  };
  return { entries: [entry], prev: (version - 1) as Version, predecessor: undefined };
}

function hotRumours(fanout: number, unneededMax: number): HotRumours {
  return new HotRumours(createSeededRandom(1), fanout, unneededMax);
}

const peersOf = (tellings: readonly Telling[]): NodeId[] => tellings.map(({ peer }) => peer).toSorted();

describe('a hot rumour', () => {
  test('goes to as many peers at once as the fanout says, and to each once', () => {
    const hot = hotRumours(2, 4);
    hot.add(rumour(101));
    const tellings = [1, 2, 3].map(() => peersOf(hot.tellings(PEERS)));
    expect(tellings.map((peers) => peers.length)).toStrictEqual([2, 2, 1]);
    expect(tellings.flat().toSorted()).toStrictEqual(PEERS);
  });

  test('does not go back to the peer that told it, nor to one that is known to have it', () => {
    const hot = hotRumours(5, 4);
    hot.add(rumour(101), 'a' as NodeId);
    hot.isKnownBy(rumour(101), 'b' as NodeId);
    expect(peersOf(hot.tellings(PEERS))).toStrictEqual(['c', 'd', 'e']);
  });

  test('is news no more once every peer has it', () => {
    const hot = hotRumours(5, 4);
    hot.add(rumour(101));
    hot.tellings(PEERS);
    expect(hot.tellings(PEERS)).toStrictEqual([]);
    expect(hot.size).toBe(0);
    hot.isKnownBy(rumour(101), 'a' as NodeId);
    expect(hot.size).toBe(0);
  });

  test('is news no more once k peers in a row knew it', () => {
    const hot = hotRumours(1, 2);
    hot.add(rumour(101));
    for (const known of [FEEDBACK.known, FEEDBACK.news, FEEDBACK.known, FEEDBACK.notHeld])
      for (const telling of hot.tellings(PEERS)) hot.feedback(telling, [known]);
    expect(hot.size).toBe(1);
    for (const telling of hot.tellings(PEERS)) hot.feedback(telling, [FEEDBACK.known]);
    expect(hot.size).toBe(0);
  });

  test('that is large is mentioned, the last one of an actor for all of them', () => {
    const hot = hotRumours(1, 1);
    hot.add(rumour(101, 20_000));
    hot.add(rumour(103, 20_000));
    hot.add(rumour(102));
    const [telling] = hot.tellings(['a' as NodeId]) as [Telling];
    expect(telling.news.rumours).toStrictEqual([rumour(102)]);
    expect(telling.news.mentions).toStrictEqual([{ actor: ACTOR, version: 103 }]);
    hot.feedback(telling, [FEEDBACK.news, FEEDBACK.known]);
    expect(hot.size).toBe(1);
  });

  test('of 16 KiB is told whole, and of a byte more mentioned', () => {
    const largest = 16 * 1024 - 'key-101'.length;
    for (const [valueBytes, told, mentioned] of [
      [largest, 1, 0],
      [largest + 1, 0, 1],
    ] as const) {
      const hot = hotRumours(1, 4);
      hot.add(rumour(101, valueBytes));
      const [telling] = hot.tellings(['a' as NodeId]) as [Telling];
      expect([telling.news.rumours.length, telling.news.mentions.length]).toEqual([told, mentioned]);
    }
  });

  test('that is only mentioned takes no room from others', () => {
    const hot = hotRumours(1, 4);
    for (let version = 101; version < 201; version++) hot.add(rumour(version, 20_000));
    hot.add(rumour(201));
    const [telling] = hot.tellings(['a' as NodeId]) as [Telling];
    expect(telling.news.rumours).toHaveLength(1);
    expect(telling.subjects.map((hots) => hots.length)).toEqual([1, 100]);
  });

  test('waits for the next time when a peer is told much already', () => {
    const hot = hotRumours(1, 4);
    for (let version = 101; version < 121; version++) hot.add(rumour(version, 8000));
    const peers = ['a' as NodeId];
    const counts: number[] = [];
    for (let tellings = hot.tellings(peers); tellings.length > 0; tellings = hot.tellings(peers))
      counts.push(tellings.flatMap(({ news }) => news.rumours).length);
    expect(counts).toStrictEqual([8, 8, 4]);
  });

  test('is one of so many that memory stays small: the rest is left to anti-entropy', () => {
    const hot = hotRumours(1, 4);
    for (let version = 101; version < 3000; version++) hot.add(rumour(version));
    expect(hot.size).toBe(1024);
  });
});
