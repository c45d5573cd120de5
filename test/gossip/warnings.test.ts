import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { LINES_MAX, LINES_WINDOW_MS, Warnings } from '../../src/gossip/warnings.ts';
import type { Log } from '../../src/ports/log.ts';

function makeWarnings(): { warnings: Warnings; clock: SimulatedClock; logged: string[] } {
  const logged: string[] = [];
  const clock = new SimulatedClock();
  const nothing = (): void => {};
  const log: Log = {
    debug: nothing,
    info: nothing,
    warn: (_, message) => void logged.push(message),
    error: nothing,
  };
  return { warnings: new Warnings(clock, log), clock, logged };
}

describe('warnings', () => {
  test('are logged when they begin, not each time; the latest message is shown', () => {
    const { warnings, logged } = makeWarnings();
    warnings.raise('CLOCK_OFFSET', 'a', 'it is 40 s ahead');
    warnings.raise('CLOCK_OFFSET', 'a', 'it is 41 s ahead');
    expect(logged).toEqual(['it is 40 s ahead']);
    expect(warnings.all()).toEqual([{ code: 'CLOCK_OFFSET', peer: 'a', message: 'it is 41 s ahead' }]);
  });

  test('are kept apart by code and by peer', () => {
    const { warnings } = makeWarnings();
    warnings.raise('CLOCK_OFFSET', 'a', '1');
    warnings.raise('DAMAGED', 'a', '2');
    warnings.raise('DAMAGED', 'b', '3');
    warnings.clear('DAMAGED', 'a');
    expect(warnings.all().map(({ message }) => message)).toEqual(['1', '3']);
  });

  test('that are gone and come again are logged again', () => {
    const { warnings, logged } = makeWarnings();
    warnings.raise('DAMAGED', 'a', 'first');
    warnings.clear('DAMAGED', 'a');
    warnings.raise('DAMAGED', 'a', 'second');
    expect(logged).toEqual(['first', 'second']);
  });

  test('that last for a while end by themselves, unless they are raised again', async () => {
    const { warnings, clock, logged } = makeWarnings();
    warnings.raise('PEER_REJECTED', 'a', 'no', 1000);
    await clock.advance(999);
    warnings.raise('PEER_REJECTED', 'a', 'no', 1000);
    await clock.advance(999);
    expect(warnings.all()).toHaveLength(1);
    await clock.advance(1);
    expect(warnings.all()).toEqual([]);
    expect(logged).toHaveLength(1);
  });

  test('of one code are logged 20 times a minute; the rest is counted, and told with the next one after it', async () => {
    const { warnings, clock, logged } = makeWarnings();
    for (let name = 0; name < 500; name++) warnings.raise('PEER_MISBEHAVED', `${name}`, `no ${name}`);
    warnings.raise('DAMAGED', 'a', 'another one');
    const first = Array.from({ length: LINES_MAX }, (_, name) => `no ${name}`);
    const rest = 'Such warnings come too fast: for the rest of a minute they are only counted.';
    expect(logged).toEqual([...first, rest, 'another one']);
    await clock.advance(LINES_WINDOW_MS);
    expect(logged).toHaveLength(LINES_MAX + 2);
    warnings.raise('PEER_MISBEHAVED', 'later', 'again');
    expect(logged.slice(-2)).toEqual(['480 more such warnings came, and were not logged.', 'again']);
    await clock.advance(LINES_WINDOW_MS);
    warnings.raise('PEER_MISBEHAVED', 'latest', 'and again');
    expect(logged.slice(-1)).toEqual(['and again']);
    expect(logged).toHaveLength(LINES_MAX + 5);
  });

  test('that would have ended by themselves, and come and go, are logged once for each message', async () => {
    const { warnings, clock, logged } = makeWarnings();
    warnings.raise('PEER_REJECTED', 'a', 'no', 1000);
    warnings.clear('PEER_REJECTED', 'a');
    expect(warnings.all()).toEqual([]);
    warnings.raise('PEER_REJECTED', 'a', 'no', 1000);
    expect(warnings.all()).toHaveLength(1);
    expect(logged).toEqual(['no']);
    warnings.clear('PEER_REJECTED', 'a');
    warnings.raise('PEER_REJECTED', 'a', 'for another reason', 1000);
    warnings.clear('PEER_REJECTED', 'a');
    await clock.advance(1000);
    warnings.raise('PEER_REJECTED', 'a', 'for another reason', 1000);
    expect(logged).toEqual(['no', 'for another reason', 'for another reason']);
  });

  test('are at most 256: the oldest is forgotten', () => {
    const { warnings } = makeWarnings();
    for (let stranger = 0; stranger < 257; stranger++) warnings.raise('PEER_REJECTED', `${stranger}`, 'no');
    expect(warnings.all()).toHaveLength(256);
    expect(warnings.all()[0]?.peer).toBe('1');
  });
});
