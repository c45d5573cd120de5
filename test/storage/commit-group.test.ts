import { describe, expect, test } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import {
  answerGroup,
  decide,
  type Decided,
  hasRoom,
  type Job,
  Queued,
  takeGroup,
} from '../../src/storage/commit-group.ts';
import type { Transaction } from '../../src/storage/transaction.ts';

const MIB = 2 ** 20;

function jobOf(keys: number, bytes: number): Job<unknown> {
  return { keys: Array.from({ length: keys }, () => new Uint8Array(1)), bytes, sync: true, decide: () => 0 };
}

function job(keys: number, bytes: number): Queued {
  return new Queued(jobOf(keys, bytes), undefined, nothing, nothing);
}

const ALONE = new Queued(undefined, () => Promise.resolve(), nothing, nothing);

function nothing(): void {}

/** How many of the queue are taken, and left. */
function taken(...queue: Queued[]): readonly [number, number] {
  return [takeGroup(queue).length, queue.length];
}

describe('a group', () => {
  test('has all that wait, in their order, up to what must be alone', () => {
    const queue = [job(1, 1), job(2, 1), ALONE, job(3, 1)];
    expect(takeGroup(queue).map((queued) => queued.job?.keys.length)).toEqual([1, 2]);
    expect(queue).toHaveLength(2);
    expect(takeGroup(queue)).toEqual([]);
    expect(taken()).toEqual([0, 0]);
  });

  test('takes no more once it has 256 keys, or 8 MiB; one job it always takes', () => {
    expect(taken(job(255, 1), job(1, 1), job(1, 1))).toEqual([2, 1]);
    expect(taken(job(256, 1), job(1, 1))).toEqual([1, 1]);
    expect(taken(job(254, 1), job(1, 1), job(1, 1))).toEqual([3, 0]);
    expect(taken(job(1, 8 * MIB - 1), job(1, 1), job(1, 1))).toEqual([2, 1]);
    expect(taken(job(1, 8 * MIB), job(1, 1))).toEqual([1, 1]);
    expect(taken(job(9999, 99 * MIB), job(1, 1))).toEqual([1, 1]);
  });
});

describe('a write', () => {
  function hasRoomAfter(...groups: { keys: number; bytes: number }[]): boolean {
    return hasRoom(
      groups.map(({ keys, bytes }) => {
        const present = new Map(Array.from({ length: keys }, (_, at) => [`${at}`, undefined]));
        return { queued: [], decided: { present, bytes } as unknown as Decided };
      }),
    );
  }

  test('has room until it has 2,048 keys, or 8 MiB', () => {
    expect(hasRoomAfter()).toBe(true);
    expect(hasRoomAfter({ keys: 1000, bytes: MIB }, { keys: 1047, bytes: MIB })).toBe(true);
    expect(hasRoomAfter({ keys: 1000, bytes: MIB }, { keys: 1048, bytes: MIB })).toBe(false);
    expect(hasRoomAfter({ keys: 1, bytes: 4 * MIB }, { keys: 1, bytes: 4 * MIB - 1 })).toBe(true);
    expect(hasRoomAfter({ keys: 1, bytes: 4 * MIB }, { keys: 1, bytes: 4 * MIB })).toBe(false);
  });
});

describe('those who wait for a group', () => {
  test('are told each what became of theirs', () => {
    const told: unknown[] = [];
    const resolve = (value: unknown): void => void told.push(['resolved', value]);
    const reject = (error: unknown): void => void told.push(['rejected', error]);
    const queued = [1, 2].map(() => new Queued(jobOf(1, 1), undefined, resolve, reject));
    const error = new BoatoError('CONDITION_FAILED', 'no');
    const outcomes = [
      { value: 7, error: undefined },
      { value: undefined, error },
    ];
    answerGroup({ queued, decided: { outcomes } as unknown as Decided });
    expect(told).toEqual([
      ['resolved', 7],
      ['rejected', error],
    ]);
  });

  test('are refused by errors with a code; any other is a defect of ours', () => {
    const begun: unknown[] = [];
    const transaction = { beginJob: (from: unknown) => begun.push(from) } as unknown as Transaction;
    const refusal = new BoatoError('CONDITION_FAILED', 'no');
    const deciding = (error: Error) => ({
      ...jobOf(1, 1),
      decide: () => {
        throw error;
      },
    });
    expect(decide(deciding(refusal), transaction)).toEqual({ value: undefined, error: refusal });
    expect(begun).toEqual([undefined]);
    expect(() => decide(deciding(new TypeError('a defect')), transaction)).toThrow(TypeError);
  });
});
