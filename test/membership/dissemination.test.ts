import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { Dissemination, TOLD_BYTES_MAX } from '../../src/membership/dissemination.ts';
import type { Update } from '../../src/membership/member.ts';
import { encodeUpdates } from '../../src/membership/update-codec.ts';

const FACTS = { address: 'host:7000', version: '1', protocolVersion: 2 };

interface Fixture {
  readonly news: Dissemination;
  readonly known: Map<string, Update>;
  readonly learn: (member: string) => void;
}

function disseminationOf(...members: string[]): Fixture {
  const known = new Map<string, Update>();
  const news = new Dissemination((member) => known.get(member));
  const learn = (member: string): void => {
    const nodeId = member as NodeId;
    known.set(nodeId, {
      ...FACTS,
      nodeId,
      incarnation: 1,
      status: 'up',
      metadata: new Uint8Array(0),
      ageMs: 0,
    });
    news.add(nodeId);
  };
  for (const member of members) learn(member);
  return { news, known, learn };
}

const names = (updates: readonly Update[]): string[] => updates.map(({ nodeId }) => nodeId);

describe('what is told along with a message', () => {
  test.each([
    [1, 3],
    [2, 4],
    [10, 8],
    [100, 14],
    [1000, 21],
  ])('in a cluster of %d members goes out %d times', (members, times) => {
    const { news } = disseminationOf('a');
    let told = 0;
    while (news.take(members).length > 0) told++;
    expect(told).toBe(times);
    expect(news.size).toBe(0);
  });

  test('is first what was told least, and of that what became news last', () => {
    const { news, learn } = disseminationOf('a', 'b');
    expect(names(news.take(10))).toEqual(['b', 'a']);
    learn('c');
    expect(names(news.take(10))).toEqual(['c', 'b', 'a']);
    learn('a');
    expect(names(news.take(10))).toEqual(['a', 'c', 'b']);
  });

  test('begins anew when it changes, and is told as it is by then', () => {
    const { news, known } = disseminationOf('a');
    news.take(1);
    known.set('a', { ...(known.get('a') as Update), incarnation: 2 });
    news.add('a' as NodeId);
    const told = [1, 2, 3, 4].flatMap(() => news.take(1).map(({ incarnation }) => incarnation));
    expect(told).toEqual([2, 2, 2]);
  });

  test('is left out when nothing is known of it any more', () => {
    const { news, known } = disseminationOf('a', 'b');
    known.delete('b');
    expect(names(news.take(10))).toEqual(['a']);
    expect(news.size).toBe(1);
  });

  test('fits into one packet, and what does not fit goes first the next time', () => {
    const { news } = disseminationOf(...Array.from({ length: 100 }, (_, at) => `member-${at + 100}`));
    const first = news.take(10);
    const second = news.take(10);
    for (const told of [first, second]) {
      expect(encodeUpdates(told).length).toBeLessThanOrEqual(TOLD_BYTES_MAX);
      expect(encodeUpdates(told).length).toBeGreaterThan(TOLD_BYTES_MAX - 100);
    }
    expect(names(second).filter((name) => names(first).includes(name))).toEqual([]);
  });

  test('has room for the longest record there is', () => {
    const { news, known } = disseminationOf('a');
    const longest = {
      address: `${'h'.repeat(255)}:65535`,
      version: 'v'.repeat(32),
      metadata: new Uint8Array(512),
    };
    const nodeId = 'n'.repeat(64) as NodeId;
    known.set(nodeId, {
      ...(known.get('a') as Update),
      ...longest,
      nodeId,
      incarnation: Number.MAX_SAFE_INTEGER,
      protocolVersion: Number.MAX_SAFE_INTEGER,
      status: 'suspect',
      accuser: nodeId,
    });
    news.add(nodeId);
    expect(names(news.take(10))).toContain(nodeId);
  });

  test('begins with whom the receiver must hear of, though it was told enough', () => {
    const { news } = disseminationOf('a', 'b', 'c');
    while (news.take(1).length > 0);
    news.add('b' as NodeId);
    expect(names(news.take(1, 'a' as NodeId))).toEqual(['a', 'b']);
    // It is no news to others for that.
    expect(names(news.take(1))).toEqual(['b']);
  });

  test('does not come twice when it comes first', () => {
    const { news } = disseminationOf('a', 'b');
    expect(names(news.take(1, 'a' as NodeId))).toEqual(['a', 'b']);
  });
});
