import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { PullQueue } from '../../src/gossip/pull-queue.ts';

const [A, B] = ['a', 'b'] as [NodeId, NodeId];

/** Pulls that end when they are told to. */
class Pulls {
  readonly begun: string[] = [];
  readonly #ends: ((result: string) => void)[] = [];

  pull(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.push(resolve));
    };
  }

  async end(result: string): Promise<void> {
    this.#ends.shift()?.(result);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a queue of pulls', () => {
  test('runs one at a time, in the order of asking', async () => {
    const queue = new PullQueue<string>();
    const pulls = new Pulls();
    const results = [queue.add(A, pulls.pull('first')), queue.add(B, pulls.pull('second'))];
    await pulls.end('-');
    expect(pulls.begun).toEqual(['first']);
    await pulls.end('one');
    expect(pulls.begun).toEqual(['first', 'second']);
    await pulls.end('two');
    expect(await Promise.all(results)).toEqual(['one', 'two']);
  });

  test('gives a peer that waits already no second turn: both askers get what the first one led to', async () => {
    const queue = new PullQueue<string>();
    const pulls = new Pulls();
    void queue.add(A, pulls.pull('running'));
    const results = [queue.add(B, pulls.pull('waiting')), queue.add(B, pulls.pull('again'))];
    await pulls.end('-');
    await pulls.end('one');
    await pulls.end('two');
    expect(await Promise.all(results)).toEqual(['two', 'two']);
    expect(pulls.begun).toEqual(['running', 'waiting']);
  });

  test('gives a peer that is being pulled from another turn: it may have more by then', async () => {
    const queue = new PullQueue<string>();
    const pulls = new Pulls();
    void queue.add(A, pulls.pull('first'));
    await pulls.end('-');
    void queue.add(A, pulls.pull('second'));
    await pulls.end('one');
    expect(pulls.begun).toEqual(['first', 'second']);
    await pulls.end('two');
  });

  test('is idle when nothing runs or waits, also of what was added meanwhile', async () => {
    const queue = new PullQueue<string>();
    const pulls = new Pulls();
    await queue.idle();
    void queue.add(A, pulls.pull('first'));
    let isIdle = false;
    const idle = queue.idle().then(() => {
      isIdle = true;
    });
    await pulls.end('-');
    void queue.add(B, pulls.pull('second'));
    await pulls.end('one');
    expect(isIdle).toBe(false);
    await pulls.end('two');
    await idle;
    expect(isIdle).toBe(true);
  });
});
