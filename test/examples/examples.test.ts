/** The examples are compiled against the package, run as a user would run them, and print what they say here. */

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const LINES_MAX = 100;

const OUTPUTS: Readonly<Record<string, string>> = {
  'feature-flags': `new-search is on for about half of the users: true
a flag that nobody made is off: true
made the flag color
flag/color is there already
The value of the key "flag/new-search" does not match its schema: rollout: Invalid value: Expected <=100 but received 150; nothing was written.
`,
  'lift-sharing': `Porto to Lisboa: ana (3 seats)
Porto to Lisboa: ana (3 seats), rui (3 seats)
Porto to Lisboa: ana (cancelled: the car is broken)
Lisboa to Faro: nobody
`,
  'offline-stock': `scanned again: known
till-2 knows of 40 coffees
apart: till-1 counts 37, till-2 33
together: till-1 counts 30, till-2 30
the price is 7 on both: 7
receipts: 3
`,
};

const names = (await readdir(join(PACKAGE, 'examples')))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length));

beforeAll(async () => {
  await run(join(PACKAGE, 'node_modules', '.bin', 'tsc'), ['-b', 'examples'], { cwd: PACKAGE });
}, 120_000);

describe.each(names)('the example %s', (name) => {
  test('prints what it says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boato-example-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const program = join(PACKAGE, 'dist-examples', `${name}.js`);
    const { stdout, stderr } = await run(process.execPath, [program], {
      env: { ...process.env, TMPDIR: folder },
    });
    expect({ stdout, stderr }).toEqual({ stdout: OUTPUTS[name], stderr: '' });
    expect(await readdir(folder)).toEqual([]);
  });

  test(`is read in a minute: fewer than ${LINES_MAX} lines, and none of what is not public`, async () => {
    const text = await readFile(join(PACKAGE, 'examples', `${name}.ts`), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(LINES_MAX);
    expect(text).toContain("from 'boato'");
    expect(text).not.toContain('../');
  });
});
