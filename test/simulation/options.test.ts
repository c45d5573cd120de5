/** The command line of the simulator: what it takes, and one sentence for what it does not. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Options, parseOptions } from '../../src/simulation/options.ts';

function parse(...args: readonly string[]): {
  readonly options: Options | { readonly exitCode: number };
  readonly said: string;
} {
  let said = '';
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  return { options: parseOptions(['node', 'simulate', ...args]), said };
}

describe('the command line', () => {
  it('has defaults for everything but the seed', () => {
    const { options } = parse();
    expect(options).toMatchObject({
      nodes: [5],
      profile: ['hard'],
      without: [],
      absent: [],
      shrink: 120_000,
    });
    expect(options).not.toHaveProperty('seed');
  });

  it('takes what a failing run prints', () => {
    const { options } = parse('--seed', '7', '--nodes', '5', '--without', 'loss,crash', '--keep', '3,17-19');
    expect(options).toMatchObject({ seed: 7, nodes: [5], without: ['loss', 'crash'], keep: [3, 17, 18, 19] });
    expect(parse('--keep', 'none').options).toMatchObject({ keep: [] });
  });

  it('takes several sizes of clusters in a campaign', () => {
    const { options } = parse('--campaign', '10m', '--nodes', '3,16', '--seeds', '1-3');
    expect(options).toMatchObject({ campaign: 600_000, nodes: [3, 16], seeds: [1, 2, 3], fresh: true });
  });

  it.each([
    [['--seed', 'x'], '--seed'],
    [['--seed', '4294967296'], 'whole number from 0 to 4294967295'],
    [['--nodes', '1'], 'whole number from 2'],
    [['--profile', 'mild'], 'calm, '],
    [['--without', 'rain'], 'partition, '],
    [['--keep', '3-1'], '3,17-19'],
    [['--minutes', '0'], 'above 0'],
    [['--campaign', '10'], '10m'],
    [['--sead', '1'], '--sead'],
    [['extra'], 'argument'],
    [['--report', 'a.md'], 'campaign'],
    [['--campaign', '1m', '--seed', '3'], '--seed'],
    [['--no-fresh'], '--seeds'],
    [['--nodes', '3,5'], 'campaign'],
    [['--nodes', '3', '--absent', '3'], '0 to 2'],
    [['--nodes', '3', '--absent', '0-2'], 'no machine'],
  ])('%j gets one sentence that says what is allowed', (args, allowed) => {
    const { options, said } = parse(...args);
    expect(options).toEqual({ exitCode: 2 });
    expect(said).toMatch(/^simulate: .+; see `npm run simulate -- --help`\.\n$/u);
    expect(said).toContain(allowed);
  });

  it('explains itself', () => {
    const { options, said } = parse('--help');
    expect(options).toEqual({ exitCode: 0 });
    for (const word of ['--seed', '--campaign', '--without', 'Exit code 1', 'Examples:'])
      expect(said).toContain(word);
  });
});
