import { describe, expect, test } from 'vitest';
import type { Connection } from '../../src/ports/transport.ts';
import { EventLog } from '../../src/simulation/event-log.ts';
import { CALM, type Conditions, SimulatedNetwork } from '../../src/simulation/network.ts';
import { ProcessLife } from '../../src/simulation/process-life.ts';
import { VirtualTime } from '../../src/simulation/virtual-time.ts';
import { pass, random, through } from './support.ts';

const COUNT = 400;

async function connected(conditions: Partial<Conditions> = {}) {
  const time = new VirtualTime();
  const network = new SimulatedNetwork(time, random(), new EventLog(time));
  const [a, b] = [new ProcessLife(time), new ProcessLife(time)];
  const accepted: Connection[] = [];
  await network.transport('b', 'b', b).listen('b:7000', (connection) => accepted.push(connection));
  const dialled = await through(time, network.transport('a', 'a', a).dial('b:7000'));
  await pass(time, 100);
  network.conditions = { ...CALM, ...conditions };
  const arrived: { readonly number: number; readonly atMs: number }[] = [];
  const closed: string[] = [];
  accepted[0]?.start({
    onMessage: ([high = 0, low = 0]) => arrived.push({ number: high * 256 + low, atMs: time.nowMs }),
    onClose: () => closed.push('b'),
  });
  dialled.start({ onMessage: () => {}, onClose: () => closed.push('a') });
  const send = (count: number): void => {
    for (let number = 0; number < count; number++)
      void dialled.send(Uint8Array.of(number >> 8, number & 0xff));
  };
  return { time, network, a, b, arrived, closed, send };
}

test('messages arrive once and in order while conditions are calm', async () => {
  const { time, arrived, send } = await connected();
  send(COUNT);
  await pass(time, 1000);
  expect(arrived.map(({ number }) => number)).toEqual(Array.from({ length: COUNT }, (_, at) => at));
});

test('a name leads to where its host is by now', async () => {
  const { time, network, a, b } = await connected();
  const accepted: Connection[] = [];
  await network.transport('b', 'b.1', b).listen('b.1:7000', (connection) => accepted.push(connection));
  const transport = network.transport('a', 'a', a);
  network.name('seed', 'b');
  await through(time, transport.dial('seed:7000'));
  expect(accepted).toHaveLength(0);
  network.name('seed', 'b.1');
  await through(time, transport.dial('seed:7000'));
  await pass(time, 100);
  expect(accepted).toHaveLength(1);
});

describe('what is drawn for the network', () => {
  test('loses about the share that it is to lose, and leaves the rest in order', async () => {
    const { time, arrived, send } = await connected({ loss: 0.3 });
    send(COUNT);
    await pass(time, 1000);
    expect(arrived.length / COUNT).toBeCloseTo(0.7, 1);
    const numbers = arrived.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
  });

  test('repeats about the share that it is to repeat', async () => {
    const { time, arrived, send } = await connected({ duplication: 0.5 });
    send(COUNT);
    await pass(time, 1000);
    expect(arrived.length / COUNT).toBeCloseTo(1.5, 1);
    expect(new Set(arrived.map(({ number }) => number)).size).toBe(COUNT);
  });

  test('lets messages overtake each other', async () => {
    const { time, arrived, send } = await connected({ reordering: 0.3, delayMeanMs: 50 });
    send(COUNT);
    await pass(time, 5000);
    const numbers = arrived.map(({ number }) => number);
    expect(numbers.toSorted((x, y) => x - y)).toEqual(Array.from({ length: COUNT }, (_, at) => at));
    expect(numbers).not.toEqual(numbers.toSorted((x, y) => x - y));
  });

  test('delays some messages many times as long, with tails', async () => {
    const slowest = async (tail: number): Promise<number> => {
      const { time, arrived, send } = await connected({ reordering: 1, delayMeanMs: 10, tail });
      const startMs = time.nowMs;
      send(COUNT);
      await pass(time, 10_000);
      return Math.max(...arrived.map(({ atMs }) => atMs - startMs));
    };
    expect(await slowest(0.1)).toBeGreaterThan(3 * (await slowest(0)));
  });
});

test('a clogged link brings what was sent in a heap, in order, in one direction only', async () => {
  const { time, network, arrived, send } = await connected();
  const startMs = time.nowMs;
  network.clog('a', 'b', startMs + 3000);
  send(10);
  await pass(time, 2999);
  expect(arrived).toEqual([]);
  await pass(time, 100);
  expect(arrived.map(({ number }) => number)).toEqual(Array.from({ length: 10 }, (_, at) => at));
});

test('what is under way when a connection breaks never arrives, and both ends are told', async () => {
  const { time, network, arrived, closed, send } = await connected();
  send(10);
  expect(network.breakBetween('a', 'b')).toBe(1);
  await pass(time, 1000);
  expect(arrived).toEqual([]);
  expect(closed.toSorted()).toEqual(['a', 'b']);
});

test('a paused process hears of nothing before it goes on', async () => {
  const { time, network, b, arrived, closed, send } = await connected();
  b.pause();
  send(1);
  await pass(time, 1000);
  expect(arrived).toEqual([]);
  network.breakBetween('a', 'b');
  await pass(time, 1000);
  expect(closed).toEqual(['a']);
  b.resume();
  await pass(time, 1000);
  expect(closed).toEqual(['a', 'b']);
});

test('whoever looks sees each message that is given to a machine', async () => {
  const { time, network, send } = await connected();
  const seen: string[] = [];
  const end = network.onDelivered((from, to, message) => seen.push(`${from} ${to} ${message.length}`));
  send(2);
  await pass(time, 100);
  end();
  send(2);
  await pass(time, 100);
  expect(seen).toEqual(['a b 2', 'a b 2']);
});
