/** `store aggregate`, on a node in memory. */

import { describe, expect, it } from 'vitest';
import { aggregateText } from '../../src/cli/aggregate.ts';
import { localFake } from '../server/serve-fake.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

describe('store aggregate', () => {
  it('prints a row for each name, those of every node by default', async () => {
    const { dir } = await localFake();
    const { stdout, code } = await runMain(['aggregate', '--data', dir]);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "over all nodes
        name   nodes  sum     average  minimum  maximum
        keys   3      300000  100000   7        200000
        bytes  3      300000  100000   7        200000
        load   3      300000  100000   7        200000
        lag    3      300000  100000   7        200000
      "
    `);
    expect((await runMain(['aggregate', 'none', 'mine', '--data', dir])).stdout).toMatchInlineSnapshot(`
      "over all nodes
        name  nodes  sum     average  minimum  maximum
        none  0      0       -        -        -
        mine  3      300000  100000   7        200000
      "
    `);
  });

  it('prints what the node answered as JSON, a line for each name', async () => {
    const { dir } = await localFake();
    const { stdout } = await runMain(['aggregate', 'keys', 'none', '--json', '--data', dir]);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toStrictEqual([
      { name: 'keys', count: 3, sum: 300_000.000_01, average: 100_000, minimum: 7, maximum: 200_000 },
      { name: 'none', count: 0, sum: 0 },
    ]);
  });

  it('is about a running node, and says what is wrong with a name', async () => {
    const { dir } = await localFake();
    const refused = await runMain(['aggregate', 'refused', '--data', dir]);
    expect(refused).toMatchObject({ code: 2, stderr: 'store: This name is refused.\n' });
    const nobody = await runMain(['aggregate', '--data', await temporaryFolder()]);
    expect(nobody.code).toBe(3);
    expect(nobody.stderr).toMatch(/^store: /u);
  });

  it('shows six digits, and whole numbers whole', () => {
    const text = aggregateText([
      {
        name: 'x',
        count: 2,
        sum: 1_234_567.000_4,
        average: 0.123_456_789,
        minimum: -2,
        maximum: 12.000_000_001,
      },
    ]);
    expect(text.split('\n').at(-1)?.trim().split(/\s+/u)).toStrictEqual([
      'x',
      '2',
      '1234567',
      '0.123457',
      '-2',
      '12',
    ]);
  });
});
