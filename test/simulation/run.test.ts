/** Short runs: production nodes keep their promises on bad machines, and each run can be replayed. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { firstDifference } from '../../src/simulation/first-difference.ts';
import { planNamed, type RunName, selectedPlan } from '../../src/simulation/replay.ts';
import { run } from '../../src/simulation/run.ts';
import { WHOLE } from '../../src/simulation/selection.ts';

const hash64 = await createHash64();

const NAME: RunName = { seed: 11, nodes: 3, profile: 'hard', minutes: 0.5 };

async function logOf(name: RunName): Promise<readonly string[]> {
  const lines: string[] = [];
  await run(planNamed(name), hash64, (line) => void lines.push(line));
  return lines;
}

describe('a run', { timeout: 120_000 }, () => {
  it.each([1, 2, 3, 4])('of seed %i keeps every promise', async (seed) => {
    const { failure, fired } = await run(planNamed({ ...NAME, seed, profile: 'network' }), hash64);
    expect(failure).toBe(undefined);
    expect(Object.values(fired).some((times) => times > 0)).toBe(true);
  });

  it('goes the same way each time, whatever ran before it', async () => {
    const first = await logOf(NAME);
    await logOf({ ...NAME, seed: 12, nodes: 4 });
    const second = await logOf(NAME);
    expect(firstDifference(first, second)).toBe(undefined);
    expect(first.length).toBeGreaterThan(300);
    expect(firstDifference(first, await logOf({ ...NAME, seed: 12 }))).toContain('differ from line');
  });

  it('goes the same way in another process', async () => {
    const { hash } = await run(planNamed(NAME), hash64);
    const main = fileURLToPath(new URL('../../dist/simulation/main.js', import.meta.url));
    const args = ['--seed', '11', '--nodes', '3', '--minutes', '0.5', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
    expect(JSON.parse(stdout)).toMatchObject({ hash });
  });

  it('with membership, of nodes that are told of one or two, keeps every promise, and goes the same way each time', async () => {
    const name: RunName = { ...NAME, seed: 13 };
    const first = await run(planNamed(name), hash64);
    expect(first.failure).toBe(undefined);
    expect(first.foundAfterMs).toBeDefined();
    expect((await run(planNamed(name), hash64)).hash).toBe(first.hash);
  });

  it('goes on without the machines that are left out, and the others keep their names', async () => {
    const lines: string[] = [];
    const plan = selectedPlan({ ...NAME, nodes: 4, profile: 'network' }, { ...WHOLE, absent: [1] });
    const { failure } = await run(plan, hash64, (line) => void lines.push(line));
    expect(failure).toBe(undefined);
    const machines = new Set(lines.flatMap((line) => / (?<name>n\d) /u.exec(line)?.groups?.['name'] ?? []));
    expect(machines).toEqual(new Set(['n0', 'n2', 'n3']));
  });
});
