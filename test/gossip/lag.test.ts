import { describe, expect, test } from 'vitest';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import { headsOf } from '../../src/core/heads.ts';
import { retirementOf } from '../../src/core/retirement.ts';
import { EPOCH_MS, versionAt } from '../../src/core/version.ts';
import { lagOf, lastWordOf, nothingUnseen } from '../../src/gossip/lag.ts';

const NOW_MS = EPOCH_MS + 1_000_000;

function actor(number: number): Actor {
  return makeActor('peer' as NodeId, versionAt(EPOCH_MS + 1), number);
}

/** A row of which all was received, and all of it closed, up to `receivedMs` after the epoch. */
function row(number: number, receivedMs: number, more: Partial<Row> = {}): Row {
  const received = versionAt(EPOCH_MS + receivedMs);
  return { ...unknownRow(actor(number)), received, closed: received, ...more };
}

/** Node that knows these rows, and no others. */
function knowing(...rows: readonly Row[]): {
  row: (actor: Actor) => Row | undefined;
  heads: () => readonly Row[];
} {
  return { row: (asked) => rows.find((own) => own.actor === asked), heads: () => headsOf(rows) };
}

describe('the lag behind a peer', () => {
  test('is 0 when both have seen the same, and when the peer has seen less', () => {
    expect(lagOf(nothingUnseen(5), knowing(), NOW_MS)).toEqual({ actorsBehind: 0, lagMs: 0 });
    const replica = knowing(row(1, 900_000), row(2, 800_000));
    const word = lastWordOf([row(1, 900_000), row(2, 700_000)], replica, 5);
    expect(lagOf(word, replica, NOW_MS)).toEqual({ actorsBehind: 0, lagMs: 0 });
  });

  test('is the age of the newest write that the peer has and this node lacks', () => {
    const replica = knowing(row(1, 900_000));
    const word = lastWordOf([row(1, 900_000), row(2, 700_000), row(3, 850_000)], replica, 5);
    expect(lagOf(word, replica, NOW_MS)).toEqual({ actorsBehind: 2, lagMs: 150_000 });
    expect(lagOf(word, replica, NOW_MS + 60_000).lagMs).toBe(210_000);
  });

  test('falls when another peer brings what it was about', () => {
    const before = knowing();
    const word = lastWordOf([row(1, 700_000), row(2, 900_000)], before, 5);
    expect(lagOf(word, before, NOW_MS)).toEqual({ actorsBehind: 2, lagMs: 100_000 });
    expect(lagOf(word, knowing(row(2, 900_000)), NOW_MS)).toEqual({ actorsBehind: 1, lagMs: 300_000 });
    const all = knowing(row(2, 900_000), row(1, 750_000));
    expect(lagOf(word, all, NOW_MS)).toEqual({ actorsBehind: 0, lagMs: 0 });
  });

  test('is never 0 while anything is lacking, even if the clock of its writer runs ahead', () => {
    const word = lastWordOf([row(1, 1_030_000)], knowing(), 5);
    expect(lagOf(word, knowing(), NOW_MS)).toEqual({ actorsBehind: 1, lagMs: 1 });
  });

  test('is remembered by the rows that tell something unseen, and by no others', () => {
    const rows = [row(1, 700_000), row(2, 800_000), row(3, 900_000)];
    expect(lastWordOf(rows, knowing(row(2, 800_000)), 5).rows).toEqual([rows[2], rows[0]]);
  });

  test('is that of the newest that was received there, however little of it was closed', () => {
    const theirs = row(1, 900_000, { closed: versionAt(EPOCH_MS + 100_000) });
    const word = lastWordOf([theirs], knowing(row(1, 800_000)), 5);
    expect(lagOf(word, knowing(row(1, 800_000)), NOW_MS)).toEqual({ actorsBehind: 1, lagMs: 100_000 });
  });

  test('is that of the newest that was closed there and not here, where as much was received', () => {
    const own = row(1, 900_000, { closed: versionAt(EPOCH_MS + 600_000) });
    const theirs = row(1, 900_000, { closed: versionAt(EPOCH_MS + 700_000) });
    const word = lastWordOf([theirs], knowing(own), 5);
    expect(lagOf(word, knowing(own), NOW_MS)).toEqual({ actorsBehind: 1, lagMs: 300_000 });
  });

  test('is that of what is not closed here, where all was received', () => {
    const own = row(1, 900_000, { closed: versionAt(EPOCH_MS + 600_000) });
    const word = lastWordOf([row(1, 900_000)], knowing(own), 5);
    expect(lagOf(word, knowing(own), NOW_MS)).toEqual({ actorsBehind: 1, lagMs: 100_000 });
  });

  test('is at most so long where only single writes are lacking, which lie beyond what was received', () => {
    const closed = versionAt(EPOCH_MS + 600_000);
    const own = row(1, 900_000, { closed });
    const theirs = row(1, 800_000, { closed, loose: { count: 1, sum: 1n } });
    const word = lastWordOf([theirs], knowing(own), 5);
    expect(lagOf(word, knowing(own), NOW_MS)).toEqual({ actorsBehind: 1, lagMs: 100_000 });
    expect(theirs.cloud).toBe(SUM_ZERO);
  });

  test('does not count that a node is gone for ever, where all that it wrote was seen', () => {
    const received = versionAt(EPOCH_MS + 900_000);
    const retirement = { ...unknownRow(retirementOf('peer' as NodeId)), received, closed: received };
    const whole = knowing(row(1, 700_000), row(2, 900_000));
    const word = lastWordOf([retirement], whole, 5);
    expect(word).toEqual(nothingUnseen(5));
    expect(lagOf({ ...word, rows: [retirement] }, whole, NOW_MS)).toEqual({ actorsBehind: 0, lagMs: 0 });
    // Of another node, and of this one all but what it wrote last.
    const other = makeActor('other' as NodeId, versionAt(EPOCH_MS + 1), 1);
    const partial = knowing(row(1, 700_000), row(2, 899_999), { ...row(3, 950_000), actor: other });
    expect(lagOf(lastWordOf([retirement], partial, 5), partial, NOW_MS)).toEqual({
      actorsBehind: 1,
      lagMs: 100_000,
    });
  });

  test('is kept in bounds however many actors differ: of the oldest only the number, until the peer tells again', () => {
    const rows = Array.from({ length: 1500 }, (_, at) => row(at, 10 + at));
    const word = lastWordOf(rows, knowing(), 5);
    expect(word.rows).toHaveLength(1024);
    expect(lagOf(word, knowing(), NOW_MS)).toEqual({ actorsBehind: 1500, lagMs: 1_000_000 - 1509 });
    const newest = knowing(...rows.slice(-1024));
    const oldestKept = versionAt(EPOCH_MS + 10 + 1500 - 1024);
    expect(word.rows.at(-1)?.received).toBe(oldestKept);
    expect(lagOf(word, newest, NOW_MS)).toEqual({ actorsBehind: 476, lagMs: 1_000_000 - 486 });
  });
});
