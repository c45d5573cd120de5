/** `bin/store.js` where it lies alone: it says what is missing, in one sentence. */

import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PACKAGE = join(import.meta.dirname, '..', '..');

async function clone(): Promise<string> {
  const folder = await realpath(await temporaryFolder());
  await mkdir(join(folder, 'bin'));
  await copyFile(join(PACKAGE, 'bin', 'store.js'), join(folder, 'bin', 'store.js'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return folder;
}

function run(folder: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(folder, 'bin', 'store.js'), 'get', 'a'], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

it('without the compiled program', async () => {
  const folder = await clone();
  expect(await run(folder)).toStrictEqual({
    code: 3,
    stdout: '',
    stderr: `store: not built yet; run \`npm ci && npm run build\` in ${folder} first.\n`,
  });
});

it('without its packages', async () => {
  const folder = await clone();
  await cp(join(PACKAGE, 'dist'), join(folder, 'dist'), { recursive: true });
  expect(await run(folder)).toStrictEqual({
    code: 3,
    stdout: '',
    stderr: `store: parts of the program are missing; run \`npm ci\` in ${folder} first.\n`,
  });
});
