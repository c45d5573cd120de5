/** The examples of the README are run as a reader would run them, and print what it says. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/core/errors.ts';
import { PACKAGE, readersFolder } from './readers-folder.ts';

const run = promisify(execFile);
const readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');

describe('the README', () => {
  const programs = [...readme.matchAll(/```js example\n(?<code>.*?)```\s+```output\n(?<output>.*?)```/gsu)];
  test.each(
    programs.map(
      ({ groups }, index) => [index + 1, groups?.['code'] ?? '', groups?.['output'] ?? ''] as const,
    ),
  )('has a program %d that prints what it says', async (_, code, output) => {
    const { folder, env } = await readersFolder();
    await writeFile(join(folder, 'example.mjs'), code);
    const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: folder, env });
    expect(stdout).toBe(output);
  });

  test('has a dialogue with the command line that goes as it says', async () => {
    const { folder, env } = await readersFolder();
    const dialogue = /```console example\n(?<text>.*?)```/su.exec(readme)?.groups?.['text'] ?? '';
    const exchanges = dialogue
      .split(/^\$ /mu)
      .filter((exchange) => exchange !== '')
      .map((exchange) => exchange.split('\n'));
    expect(exchanges.length).toBeGreaterThan(5);
    for (const [command = '', ...expected] of exchanges) {
      const { stdout } = await run('/bin/sh', ['-c', command], { cwd: folder, env });
      expect(stdout, command).toBe(expected.join('\n'));
    }
  });

  test('has a file of settings, all of which are taken', async () => {
    const { folder, env } = await readersFolder();
    const text = /```toml example\n(?<text>.*?)```/su.exec(readme)?.groups?.['text'] ?? '';
    await writeFile(join(folder, 'node.toml'), text);
    const command = 'store config --config node.toml --json';
    const { stdout } = await run('/bin/sh', ['-c', command], { cwd: folder, env });
    const { settings } = JSON.parse(stdout) as { settings: { key: string; from: string; value: unknown }[] };
    const taken = settings.filter(({ from }) => from === 'file').map(({ key }) => key);
    const written = [...text.matchAll(/^(?<key>[a-z-]+) = /gmu)].map(({ groups }) => groups?.['key']);
    expect(taken.length).toBeGreaterThan(5);
    expect(new Set(taken)).toStrictEqual(new Set(written));
    expect(settings.find(({ key }) => key === 'dot-cache')?.value).toBe('128MiB');
  });

  test('names every setting', async () => {
    const { folder, env } = await readersFolder();
    const { stdout } = await run('/bin/sh', ['-c', 'store config --json'], { cwd: folder, env });
    const { settings } = JSON.parse(stdout) as { settings: { key: string }[] };
    expect(settings.length).toBeGreaterThan(20);
    for (const { key } of settings) expect(readme).toContain(`\`${key}\``);
  });

  test('names every error code', () => {
    for (const code of ERROR_CODES) expect(readme).toContain(`\`${code}\``);
  });

  test('has all its programs', () => {
    expect(programs).toHaveLength(9);
  });
});
