import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunResult, runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Node.js with a clock that is so many hours ahead. */
function ahead(hours: number): Record<string, string> {
  const shift = `globalThis.right=Date.now;Date.now=()=>globalThis.right()+${hours * 3_600_000}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
}

describe('store clock repair', () => {
  it('lets a node write again after its clock was ahead, and keeps what it wrote then', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const store = (...args: readonly string[]): Promise<RunResult> => runStore([...args, '--data', dir]);
    const wrong = (...args: readonly string[]): Promise<RunResult> => {
      return runStore([...args, '--data', dir], { env: ahead(1) });
    };
    expect(await wrong('put', 'a', '1')).toMatchObject({ code: 0, stderr: '' });
    expect(await wrong('put', 'b', '2')).toMatchObject({ code: 0, stderr: '' });

    const refused = await store('put', 'c', '3');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(
      /^store: The write is refused: .* 3[56]\d\d s ahead .*`store clock repair`.*\.\n$/,
    );
    expect((await store('status')).stdout).toMatch(/ {2}HELD_FROM_FUTURE: .*`store clock repair`/);

    const repaired = await store('clock', 'repair');
    expect(repaired).toMatchObject({ code: 0, stderr: '' });
    expect(repaired.stdout).toBe('removed 2, of which 2 were written again; 0 of other nodes\n');
    expect((await store('status')).stdout).not.toContain('HELD_FROM_FUTURE');
    expect(await store('put', 'c', '3')).toMatchObject({ code: 0, stderr: '' });
    expect((await store('list')).stdout.trimEnd().split('\n')).toHaveLength(3);

    // Over the socket of a running node, too; nothing is left to do.
    await startServe(['--data', dir]);
    const served = await store('clock', 'repair', '--all', '--json');
    expect(JSON.parse(served.stdout)).toStrictEqual({ removed: 0, rewritten: 0, others: 0 });
    expect((await store('get', 'a')).stdout).toBe('1\n');

    expect((await store('clock', 'repair', '--help')).stdout).toContain('store clock repair --all --json');
    expect(await store('clock', 'mend')).toMatchObject({ code: 2, stdout: '' });
  });
});
