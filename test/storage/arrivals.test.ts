import { beforeEach, describe, expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import { Arrivals } from '../../src/storage/arrivals.ts';

const [A, B] = ['a', 'b'].map((name) => ({ actor: makeActor(name as NodeId, 1 as Version, 1) })) as [
  { actor: ReturnType<typeof makeActor> },
  { actor: ReturnType<typeof makeActor> },
];

let looked: string[];

beforeEach(() => {
  looked = [];
});

function watch(arrivals: Arrivals, { actor }: typeof A, name: string): () => void {
  return arrivals.watch(actor, () => void looked.push(name));
}

describe('who waits for a write of an actor', () => {
  test('looks when something of that actor was committed, with all who wait for it, and nobody else does', () => {
    const arrivals = new Arrivals(false);
    watch(arrivals, A, 'first');
    watch(arrivals, A, 'second');
    watch(arrivals, B, 'other');
    arrivals.look([A], false);
    expect(looked).toEqual(['first', 'second']);
    arrivals.look([], false);
    expect(looked).toEqual(['first', 'second']);
  });

  test('looks no more once it has stopped, while others go on, also those who began since', () => {
    const arrivals = new Arrivals(false);
    const stopFirst = watch(arrivals, A, 'first');
    const stopSecond = watch(arrivals, A, 'second');
    stopFirst();
    arrivals.look([A], false);
    expect(looked).toEqual(['second']);
    stopSecond();
    watch(arrivals, A, 'later');
    // Once more, of a set that is gone.
    stopSecond();
    arrivals.look([A], false);
    expect(looked).toEqual(['second', 'later']);
  });

  test('looks whatever was committed when a first copy ends, and not again', () => {
    const arrivals = new Arrivals(true);
    watch(arrivals, A, 'a');
    watch(arrivals, B, 'b');
    arrivals.look([B], true);
    expect(looked).toEqual(['b']);
    arrivals.look([], false);
    expect(looked).toEqual(['b', 'a', 'b']);
    arrivals.look([], false);
    expect(looked).toEqual(['b', 'a', 'b']);
  });

  test('does not look at all when a first copy begins', () => {
    const arrivals = new Arrivals(false);
    watch(arrivals, A, 'a');
    arrivals.look([], true);
    expect(looked).toEqual([]);
    arrivals.look([], false);
    expect(looked).toEqual(['a']);
  });

  test('looks at the end of a first copy that ended while nobody waited no more than usual', () => {
    const arrivals = new Arrivals(true);
    arrivals.look([], false);
    watch(arrivals, A, 'a');
    arrivals.look([], false);
    expect(looked).toEqual([]);
  });
});
