import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { Penalties } from '../../src/gossip/penalties.ts';

const MINUTE_MS = 60_000;

describe('who breaks the protocol', () => {
  test('waits twice as long each time, at most 30 s', () => {
    const penalties = new Penalties(new SimulatedClock());
    const waits = Array.from({ length: 2000 }, () => penalties.punish('liar'));
    expect(waits.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000]);
    expect(new Set(waits.slice(6))).toEqual(new Set([30_000]));
  });

  test('may come again when the wait is over, and nobody else waits', async () => {
    const clock = new SimulatedClock();
    const penalties = new Penalties(clock);
    penalties.punish('liar');
    expect(penalties.remainingMs('other')).toBe(0);
    await clock.advance(400);
    expect(penalties.remainingMs('liar')).toBe(600);
    await clock.advance(600);
    expect(penalties.remainingMs('liar')).toBe(0);
  });

  test('makes up for one offence by each minute without another', async () => {
    const clock = new SimulatedClock();
    const penalties = new Penalties(clock);
    await clock.advance(10 * MINUTE_MS);
    for (let offence = 0; offence < 4; offence++) penalties.punish('liar');
    await clock.advance(2 * MINUTE_MS);
    expect(penalties.punish('liar')).toBe(4000);
    await clock.advance(60 * MINUTE_MS);
    expect(penalties.punish('liar')).toBe(1000);
  });

  test('is one of 1,024 at most: the one whose last offence is oldest is forgotten', () => {
    const penalties = new Penalties(new SimulatedClock());
    penalties.punish('first');
    for (let stranger = 0; stranger < 1023; stranger++) penalties.punish(`stranger ${stranger}`);
    expect(penalties.remainingMs('first')).toBeGreaterThan(0);
    penalties.punish('one more');
    expect(penalties.remainingMs('first')).toBe(0);
    penalties.punish('stranger 0');
    penalties.punish('and one more');
    expect(penalties.remainingMs('stranger 1')).toBe(0);
    for (const left of ['stranger 0', 'stranger 2', 'one more'])
      expect(penalties.remainingMs(left)).toBeGreaterThan(0);
  });
});
