/** Aggregates as users of the library ask for them. */

import { describe, expect, test } from 'vitest';
import type { AggregateContribution } from '../../src/index.ts';
import { temporaryNode } from './temporary-store.ts';

describe('aggregate', () => {
  test('tells of all nodes: what each has by itself, and what programs contribute', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    await a.put('one', 1);
    await b.put('two', 2);
    await b.sync({ wait: true });
    a.contribute('temperature', () => 20);
    b.contribute('temperature', async () => 23);
    const takeBack = b.contribute('wind', () => 5);
    takeBack();
    const names = ['keys', 'bytes', 'load', 'lag', 'temperature', 'wind'];
    const [keys, bytes, load, lag, temperature, wind] = await Promise.all(
      names.map((name) => a.aggregate(name)),
    );
    expect(keys).toMatchObject({ count: 2, minimum: 2, maximum: 2 });
    expect(keys?.sum).toBeCloseTo(4, 5);
    expect(bytes?.minimum).toBeGreaterThan(100);
    expect(load?.count).toBe(2);
    expect(lag).toMatchObject({ count: 2, minimum: 0 });
    expect(temperature).toMatchObject({ count: 2, minimum: 20, maximum: 23 });
    expect(temperature?.average).toBeCloseTo(21.5, 5);
    expect(wind).toStrictEqual({ count: 0, sum: 0 });
  });

  test('refuses names and contributions that are none, and names of its own', async () => {
    const node = await temporaryNode({ nodeId: 'a' });
    const invalid = expect.objectContaining({ code: 'INVALID_OPTION' });
    await expect(node.aggregate('two words')).rejects.toEqual(invalid);
    await expect(node.aggregate('')).rejects.toEqual(invalid);
    expect(() => node.contribute('keys', () => 1)).toThrow('Every node contributes to "keys" by itself.');
    expect(() => node.contribute('x'.repeat(65), () => 1)).toThrow(/1 to 64/u);
    expect(() => node.contribute('x', 7 as unknown as AggregateContribution)).toThrow('must be a function');
  });

  test('of a closed node fails', async () => {
    const node = await temporaryNode({ nodeId: 'a' });
    await node.close();
    await expect(node.aggregate('keys')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});
