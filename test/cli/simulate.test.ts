/** `store simulate`: the picture, and what its numbers mean. */

import { describe, expect, it } from 'vitest';
import { simulationText } from '../../src/cli/simulation-text.ts';
import { runMain } from './run-main.ts';

interface Simulated {
  readonly seed: number;
  readonly rounds: readonly {
    readonly informed: number;
    readonly expected: number;
    readonly messages: number;
  }[];
}

async function simulated(...args: readonly string[]): Promise<Simulated> {
  const { code, stdout, stderr } = await runMain(['simulate', '--json', ...args]);
  expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Simulated;
}

describe('store simulate', () => {
  it('shows a row of nodes for each round, the same for the same seed', async () => {
    const { stdout } = await runMain(['simulate', '--nodes', '16', '--fanout', '3', '--seed', '4']);
    expect(stdout).toMatchInlineSnapshot(`
      "A rumour among 16 nodes. Who knows it tells 3 of the others in each round, until 4 in a row knew it already. Seed 4.
      ○ does not know, ◉ hears in this round, ● knows.

      round  nodes                  know expected messages  █ know, │ expected
          0  ◉○○○○○○○○○○○○○○○          1      1.0        0  █│
          1  ●◉○○○○○○○○◉◉○○○○          4      4.0        3  █████│
          2  ●●◉○○◉◉◉○◉●●◉◉◉◉         13     11.1       15  ██████████████│█
          3  ●●●◉○●●●◉●●●●●●●         15     15.6       54  ███████████████████│
          4  ●●●●◉●●●●●●●●●●●         16     16.0       99  ███████████████████│
          5  ●●●●●●●●●●●●●●●●         16     16.0      117  ███████████████████│
          6  ●●●●●●●●●●●●●●●●         16     16.0      120  ███████████████████│

      All know after 4 rounds; 7.5 messages a node until nobody tells any more.
      "
    `);
  });

  it('gives signs to groups of nodes where there are more than fit, in the width of the terminal', async () => {
    const nodes = [
      ...(['susceptible', 'susceptible', 'infective', 'susceptible', 'removed', 'susceptible'] as const),
      ...(['news', 'susceptible', 'news', 'news', 'removed', 'infective', 'removed', 'removed'] as const),
      ...(['susceptible', 'susceptible'] as const),
    ];
    const text = simulationText(
      { nodes: nodes.length, fanout: 1, loss: 0.1, seed: 1, k: 4 },
      [{ informed: 9, expected: 2.5, messages: 7, nodes }],
      { columns: 66, paint: (style, sign) => (style === 'green' ? `<${sign}>` : sign) },
    );
    expect(text).toMatchInlineSnapshot(`
      "A rumour among 16 nodes. Who knows it tells 1 of the others in
      each round, until 4 in a row knew it already. 10% of the messages
      are lost. Seed 1.
      Each sign is about 2 nodes: ○ none of them knows, ◔ ◑ ◕ some, ●
      all.

      round  nodes          know expected messages  █ know, │ expected
          0  ○◑◑<◑><●>●●○          9      2.5        7  <█><█><█>│<█><█><█><█><█><█><█>

      9 of 16 know after 0 rounds; 0.4 messages a node until nobody
      tells any more. 7 nodes do not hear it as a rumour: anti-entropy
      brings it there.
      "
    `);
    const long = text.split('\n').filter((line) => line.replaceAll(/[<>]/gu, '').length > 66);
    expect(long).toStrictEqual([]);
  });

  it('tells the same in JSON: nobody forgets, and theory is not far', async () => {
    const { rounds } = await simulated('--nodes', '1000', '--fanout', '2', '--seed', '1');
    expect(rounds[0]).toStrictEqual({ round: 0, informed: 1, expected: 1, messages: 0 });
    for (const [at, round] of rounds.slice(1).entries()) {
      expect(round.informed).toBeGreaterThanOrEqual(rounds[at]?.informed ?? 0);
    }
    const half = rounds.findIndex(({ informed }) => informed > 500);
    const expected = rounds.findIndex((round) => round.expected > 500);
    expect(Math.abs(half - expected)).toBeLessThanOrEqual(1);
    expect(rounds.at(-1)?.informed).toBeGreaterThan(990);
  });

  it('makes up a seed, and says which', async () => {
    const first = await simulated('--nodes', '100');
    expect((await simulated('--nodes', '100')).seed).not.toBe(first.seed);
    expect(await simulated('--nodes', '100', '--seed', String(first.seed))).toStrictEqual(first);
  });

  it.each([
    ['--nodes', '1'],
    ['--fanout', '0'],
    ['--loss', '10'],
    ['--loss', '91%'],
    ['--seed', '-1'],
  ])('refuses %s %s in a sentence', async (option, value) => {
    const { code, stdout, stderr } = await runMain(['simulate', option, value]);
    expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^store: ${option} takes .*, not "${value}"\\.\\n$`, 'u'));
  });
});
