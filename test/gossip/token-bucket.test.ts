import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { TokenBucket } from '../../src/gossip/token-bucket.ts';

describe('a token bucket', () => {
  test('lets a second’s worth go at once', () => {
    const bucket = new TokenBucket(new SimulatedClock(), 1000);
    bucket.take(1000);
    expect(bucket.waitMs()).toBe(0);
    bucket.take(1);
    expect(bucket.waitMs()).toBe(1);
  });

  test('makes what is more be paid for by waiting', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 1000);
    bucket.take(6000);
    expect(bucket.waitMs()).toBe(5000);
    await clock.advance(3000);
    expect(bucket.waitMs()).toBe(2000);
    await clock.advance(2000);
    expect(bucket.waitMs()).toBe(0);
  });

  test('holds no more than a second’s worth, however long nobody takes', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 1000);
    await clock.advance(3_600_000);
    bucket.take(2000);
    expect(bucket.waitMs()).toBe(1000);
  });
});
