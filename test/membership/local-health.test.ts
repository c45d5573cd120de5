import { expect, test } from 'vitest';
import { LocalHealth } from '../../src/membership/local-health.ts';

test('a healthy node takes the times as they are, the illest one nine times as long', () => {
  const health = new LocalHealth();
  health.change(-1);
  expect(health.scale(1000)).toBe(1000);
  health.change(3);
  expect(health.scale(1000)).toBe(4000);
  health.change(100);
  expect([health.score, health.scale(1000)]).toEqual([8, 9000]);
  health.change(-1);
  expect(health.score).toBe(7);
});

test('switched off, a node is always healthy', () => {
  const health = new LocalHealth(0);
  health.change(5);
  expect(health.scale(1000)).toBe(1000);
});
