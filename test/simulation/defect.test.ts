/** A defect in the production code is found, told with where it happened, replayed, and cut down. */

import { describe, expect, it, vi } from 'vitest';
import type { Entry } from '../../src/core/entry.ts';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { parseOptions, type Options } from '../../src/simulation/options.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import type * as Merge from '../../src/storage/merge.ts';

const defect = vi.hoisted(() => ({ name: 'none' as 'none' | 'drops' | 'throws' }));

// Of some keys only, so that not every step is to blame, nor what is written at the end of every run.
vi.mock(import('../../src/storage/merge.ts'), async (original) => {
  const merge: typeof Merge = await original();
  const isDropped = ({ key }: Entry): boolean => {
    const isOfStep = Buffer.from(key).toString().startsWith('key-');
    const isMeant = isOfStep && key.reduce((sum, byte) => sum + byte, 0) % 3 === 0;
    if (isMeant && defect.name === 'throws') throw new TypeError('a defect, for a test');
    return isMeant && defect.name === 'drops';
  };
  return {
    ...merge,
    // What sessions bring, and what rumours do.
    mergeEntry: (...args: Parameters<typeof merge.mergeEntry>) =>
      !isDropped(args[1]) && merge.mergeEntry(...args),
    placeIfLarger: (...args: Parameters<typeof merge.placeIfLarger>) =>
      !isDropped(args[2]) && merge.placeIfLarger(...args),
  };
});

const hash64 = await createHash64();

async function simulated(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly said: string }> {
  const options = parseOptions(['node', 'simulate', ...args]) as Options;
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const code = await simulate({ ...options, seed: options.seed ?? 0 }, hash64, print, () => {});
  return { code, said: lines.join('\n') };
}

const RUN = ['--seed', '5', '--nodes', '3', '--minutes', '0.1', '--profile', 'calm'];

describe('the simulator', () => {
  it.each([
    ['drops', /\((?:I1|I5|P3|P4)\)|(?:I1|I5|P3|P4): /u],
    ['throws', /a defect, for a test/u],
  ] as const)('finds a node that %s what it is sent, and cuts the run down', async (name, broken) => {
    defect.name = name;
    const { code, said } = await simulated(...RUN, '--shrink', '10m');
    expect(code).toBe(1);
    expect(said).toContain('a promise was broken');
    expect(said).toMatch(broken);
    const commands = said
      .split('\n')
      .flatMap((line) => /npm run simulate -- (?<args>.*)/u.exec(line)?.groups?.['args'] ?? []);
    expect(commands).toHaveLength(2);
    const [whole = '', smaller = ''] = commands;
    expect(whole).toBe('--seed 5 --nodes 3 --profile calm --minutes 0.1');
    expect(smaller).toMatch(/--absent \d --keep \d+$/u);
    const again = await simulated(...smaller.split(' '), '--no-shrink');
    expect(again.code).toBe(1);
    defect.name = 'none';
    expect(await simulated(...smaller.split(' '))).toMatchObject({ code: 0 });
  });
});
