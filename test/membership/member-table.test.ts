import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import type { NodeId } from '../../src/core/actor.ts';
import {
  compareRecords,
  isLive,
  MEMBERS_MAX,
  STATUSES,
  supersedes,
  type Update,
} from '../../src/membership/member.ts';
import { type Change, MemberTable } from '../../src/membership/member-table.ts';
import { memberUpdates } from './update-arbitraries.ts';

const OPTIONS = { memberRetentionMs: 2_000_000, forgottenRetentionMs: 5_000_000, membersMax: MEMBERS_MAX };
const ALL_KEPT = { random: createSeededRandom(1), isKept: () => true };
const NOW_MS = 10_000_000;

const UP: Update = {
  nodeId: 'a' as NodeId,
  incarnation: 5,
  status: 'up',
  address: 'a:1',
  version: '1',
  protocolVersion: 2,
  metadata: new Uint8Array(0),
  accuser: undefined,
  ageMs: 0,
};

function tableOf(...updates: Update[]): MemberTable {
  const table = new MemberTable(ALL_KEPT, OPTIONS);
  for (const update of updates) table.merge(update, NOW_MS);
  return table;
}

/** What all should agree on: the records, and how long those have been gone that are. */
function stateOf(table: MemberTable): object[] {
  return [...table.all()]
    .map(({ record, sinceMs }) => ({ ...record, since: isLive(record) ? undefined : sinceMs }))
    .toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
}

describe('of two records of a member', () => {
  test('the later incarnation holds, whatever the statuses', () => {
    expect(supersedes({ ...UP, incarnation: 6 }, { ...UP, status: 'forgotten' })).toBe(true);
    expect(supersedes({ ...UP, status: 'forgotten' }, { ...UP, incarnation: 6 })).toBe(false);
  });

  test('of one incarnation the graver status holds', () => {
    for (const [rank, status] of STATUSES.entries()) {
      for (const [other, than] of STATUSES.entries())
        expect(supersedes({ ...UP, status }, { ...UP, status: than })).toBe(rank > other);
    }
  });

  test('else what a node says of itself decides: all see the same of two of one name', () => {
    const others: Partial<Update>[] = [
      { address: 'b:1' },
      { version: '2' },
      { protocolVersion: 3 },
      { metadata: Uint8Array.of(1) },
    ];
    for (const facts of others) {
      expect(supersedes({ ...UP, ...facts }, UP)).toBe(true);
      expect(supersedes(UP, { ...UP, ...facts })).toBe(false);
    }
  });

  test('the order is a total one', () => {
    const ofOne = memberUpdates.map((update) => ({ ...update, nodeId: UP.nodeId }));
    fc.assert(
      fc.property(ofOne, ofOne, ofOne, (a, b, c) => {
        expect(Math.sign(compareRecords(a, b))).toBe(-Math.sign(compareRecords(b, a)) + 0);
        const [low, middle, high] = [a, b, c].toSorted(compareRecords) as [Update, Update, Update];
        expect(compareRecords(low, middle)).toBeLessThanOrEqual(0);
        expect(compareRecords(low, high)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('a table of members', () => {
  test('comes to the same in whatever order, and however often, updates are heard', () => {
    const shuffled = fc
      .array(memberUpdates, { minLength: 1, maxLength: 30 })
      .chain((updates) =>
        fc.tuple(
          fc.constant(updates),
          fc.shuffledSubarray([...updates, ...updates], { minLength: 2 * updates.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([updates, again]) => {
        expect(stateOf(tableOf(...again))).toEqual(stateOf(tableOf(...updates)));
      }),
      { numRuns: 500 },
    );
  });

  test('comes to the same by way of others: merging tables is associative', () => {
    const some = fc.array(memberUpdates, { maxLength: 15 });
    const told = (table: MemberTable): Update[] =>
      [...table.all()].map(({ record, sinceMs }) => ({
        ...record,
        ageMs: isLive(record) ? 0 : NOW_MS - sinceMs,
      }));
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        const left = tableOf(...told(tableOf(...a, ...b)), ...c);
        const right = tableOf(...a, ...told(tableOf(...b, ...c)));
        expect(stateOf(left)).toEqual(stateOf(right));
      }),
    );
  });

  test('counts those that are up or suspect', () => {
    fc.assert(
      fc.property(fc.array(memberUpdates), (updates) => {
        const table = tableOf(...updates);
        expect(table.live).toBe([...table.all()].filter(({ record }) => isLive(record)).length);
      }),
    );
  });

  test('tells what changed, and nothing of what is known already', () => {
    const table = new MemberTable(ALL_KEPT, OPTIONS);
    const changes = [UP, UP, { ...UP, incarnation: 6 }, UP].map((update) => table.merge(update, NOW_MS));
    expect(changes.map((change: Change | undefined) => change?.before)).toEqual([
      undefined,
      undefined,
      expect.objectContaining({ incarnation: 5 }),
      undefined,
    ]);
    expect(changes.map((change) => change !== undefined)).toEqual([true, false, true, false]);
  });

  test('keeps since when a member has its status, through a later incarnation of it', () => {
    const table = tableOf(UP);
    table.merge({ ...UP, incarnation: 6 }, NOW_MS + 1000);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS);
    table.merge({ ...UP, incarnation: 6, status: 'down', ageMs: 200 }, NOW_MS + 1000);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS + 800);
    table.merge({ ...UP, incarnation: 7, status: 'down', ageMs: 10 }, NOW_MS + 1000);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS + 990);
  });

  test('keeps since when a member is suspect, and since when it is up again', () => {
    const table = tableOf(UP);
    table.merge({ ...UP, status: 'suspect', accuser: UP.nodeId }, NOW_MS + 1000);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS + 1000);
    table.merge({ ...UP, incarnation: 6 }, NOW_MS + 3000);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS + 3000);
  });

  test('takes a member for gone as long as anybody says, so that all drop it at the same time', () => {
    const table = tableOf({ ...UP, status: 'down', ageMs: 500 });
    for (const ageMs of [700, 600]) table.merge({ ...UP, status: 'down', ageMs }, NOW_MS);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS - 700);
  });

  test.each([
    ['down', OPTIONS.memberRetentionMs],
    ['left', OPTIONS.memberRetentionMs],
    ['forgotten', OPTIONS.forgottenRetentionMs],
  ] as const)(
    'drops one that is %s after its time, and does not take it from who drops it later',
    (status, keptMs) => {
      const table = tableOf({ ...UP, status, ageMs: 1000 });
      expect(table.prune(NOW_MS + keptMs - 1001)).toBe(0);
      expect(table.prune(NOW_MS + keptMs - 1000)).toBe(1);
      expect(table.get(UP.nodeId)).toBeUndefined();
      expect(table.merge({ ...UP, status, ageMs: keptMs }, NOW_MS)).toBeUndefined();
      expect(table.merge({ ...UP, status, ageMs: keptMs - 1 }, NOW_MS)).toBeDefined();
    },
  );

  test('takes no age for more than it keeps anybody: the longest that may be told would grow beyond it', () => {
    const table = tableOf(UP);
    table.merge({ ...UP, status: 'down', ageMs: Number.MAX_SAFE_INTEGER }, NOW_MS);
    expect(table.get(UP.nodeId)?.sinceMs).toBe(NOW_MS - OPTIONS.memberRetentionMs);
    expect(table.prune(NOW_MS)).toBe(1);
  });

  test('never drops one that lives', () => {
    const table = tableOf(UP, { ...UP, nodeId: 'b' as NodeId, status: 'suspect', accuser: UP.nodeId });
    expect(table.prune(Number.MAX_SAFE_INTEGER)).toBe(0);
  });

  test('has a limit, beyond which it learns of nobody more, but goes on learning of those that it has', () => {
    const table = new MemberTable(ALL_KEPT, OPTIONS);
    for (let number = 0; number < MEMBERS_MAX; number++)
      table.merge({ ...UP, nodeId: `n${number}` as NodeId }, NOW_MS);
    expect(table.merge({ ...UP, nodeId: 'one-more' as NodeId }, NOW_MS)).toBeUndefined();
    expect(table.live).toBe(MEMBERS_MAX);
    expect(table.merge({ ...UP, nodeId: 'n0' as NodeId, incarnation: 9 }, NOW_MS)).toBeDefined();
  });

  test('of more than it may know a random choice stays, with all that are kept', () => {
    const kept = new Set(['n0', 'n1']);
    const isKept = (member: NodeId): boolean => kept.has(member);
    const table = new MemberTable({ random: createSeededRandom(1), isKept }, { ...OPTIONS, membersMax: 10 });
    for (let number = 0; number < 500; number++) {
      const nodeId = `n${number}` as NodeId;
      expect(table.merge({ ...UP, nodeId }, NOW_MS)).toBeDefined();
      expect(table.get(nodeId)).toBeDefined();
    }
    const known = [...table.all()].map(({ record }) => record.nodeId);
    expect(known).toHaveLength(10);
    expect(table.live).toBe(10);
    expect(known).toEqual(expect.arrayContaining(['n0', 'n1']));
    // Of a choice of the first 498 that came after them each half has one, but once in some hundred times.
    expect(known.some((name) => Number(name.slice(1)) < 490)).toBe(true);
  });

  test('those that were forgotten make room last', () => {
    const options = { ...OPTIONS, membersMax: 4 };
    const table = new MemberTable({ random: createSeededRandom(1), isKept: () => false }, options);
    const learn = (name: string, status: Update['status']): void =>
      void table.merge({ ...UP, nodeId: name as NodeId, status }, NOW_MS);
    for (const name of ['f1', 'f2', 'f3']) learn(name, 'forgotten');
    for (let number = 0; number < 50; number++) learn(`n${number}`, 'down');
    const names = [...table.all()].map(({ record }) => record.nodeId).toSorted();
    expect(names).toEqual(['f1', 'f2', 'f3', 'n49']);
    learn('f4', 'forgotten');
    learn('n', 'up');
    expect(table.get('n' as NodeId)).toBeDefined();
    expect(table.live).toBe(1);
    learn('m', 'up');
    expect(table.get('n' as NodeId)).toBeUndefined();
    expect(table.live).toBe(1);
  });
});
