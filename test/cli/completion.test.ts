/** The scripts of `store completion`, as the shells themselves read them and complete with them. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

const run = promisify(execFile);

const SHELLS = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] } as const;

type Shell = keyof typeof SHELLS;

/** Line, and what is offered behind it in a folder that holds `lines.jsonl` and the folder `logs`. */
const OFFERED: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['store cl', ['clock']],
  ['store clock ', ['help', 'repair']],
  ['store clock repair --a', ['--all']],
  ['store help stat', ['status']],
  ['store completion ', ['bash', 'fish', 'zsh']],
  ['store put --ty', ['--type']],
  ['store put --type ', ['binary', 'json', 'text']],
  ['store put --type j', ['json']],
  ['store put --type=b', ['binary']],
  ['store put greeting --type ', ['binary', 'json', 'text']],
  ['store put clock --ty', ['--type']],
  ['store put --ttl ', []],
  ['store serve --peer 127.0.0.1:7532 --pe', ['--peer']],
  ['store serve --log-level=', ['debug', 'error', 'info', 'silent', 'warn']],
  ['store serve --config li', ['lines.jsonl']],
  ['store serve --data l', ['logs']],
  ['store import li', ['lines.jsonl']],
  ['store get --raw --js', ['--json']],
];

async function scriptOf(shell: Shell): Promise<string> {
  const { code, stdout, stderr } = await runMain(['completion', shell]);
  expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
  const file = join(await temporaryFolder(), `store.${shell}`);
  await writeFile(file, stdout);
  return file;
}

/** What `shell` offers behind each of `lines`, sorted. */
async function offered(
  shell: Shell,
  lines: readonly string[],
  cwd: string,
): Promise<readonly (readonly string[])[]> {
  const driver = fileURLToPath(new URL(`../fixtures/complete.${shell}`, import.meta.url));
  const args = [...SHELLS[shell], driver, await scriptOf(shell), ...lines];
  const { stdout } = await run(shell, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, TERM: 'dumb' },
  });
  const answers = stdout.split(/^\n/mu).slice(0, -1);
  return answers.map((answer) => {
    const words = answer.split('\n').slice(0, -1);
    // Fish repeats the option; zsh adds some folders twice, and shows them once.
    const plain = words.map((word) => word.replace(/^--[a-z-]+=/u, '').replace(/\/$/u, ''));
    return [...new Set(plain)].toSorted();
  });
}

/** What stands first in the lines of a section of a help. */
function listed(help: string, section: string, item: RegExp): readonly string[] {
  const text = new RegExp(`^${section}:\\n(?<lines>(?: .*\\n)+)`, 'mu').exec(help)?.groups?.['lines'] ?? '';
  return [...text.matchAll(item)].map(([, name = '']) => name).toSorted();
}

async function helpOf(command: string): Promise<string> {
  return (await runMain([...command.split(' ').slice(1), '--help'])).stdout;
}

describe.each(Object.keys(SHELLS) as readonly Shell[])('store completion %s', (shell) => {
  // Whoever runs the tests has bash.
  const isHere = shell === 'bash' || spawnSync(shell, ['--version']).status === 0;
  const there = isHere ? '' : ` (NOT TESTED HERE: there is no ${shell})`;

  it.skipIf(!isHere)(`prints what ${shell} can read${there}`, async () => {
    const { stdout, stderr } = await run(shell, ['-n', await scriptOf(shell)]);
    expect({ stdout, stderr }).toStrictEqual({ stdout: '', stderr: '' });
  });

  it.skipIf(!isHere)(`completes commands, options, choices and files in ${shell}${there}`, async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'lines.jsonl'), '');
    await mkdir(join(folder, 'logs'));
    const lines = OFFERED.map(([line]) => line);
    const answers = await offered(shell, lines, folder);
    expect(lines.map((line, at) => [line, answers[at]])).toStrictEqual(OFFERED);
  });

  it.skipIf(!isHere)(
    `offers every command and every option that a help names in ${shell}${there}`,
    async () => {
      const folder = await temporaryFolder();
      const names = listed(await helpOf('store'), 'Commands', /^ {2}(\w+)/gmu);
      expect(names.length).toBeGreaterThan(15);
      const commands = [
        ...names.filter((name) => name !== 'help').map((name) => `store ${name}`),
        'store clock repair',
      ];
      const lines = ['store ', ...commands.map((command) => `${command} --`)];
      const [offeredNames, ...answers] = await offered(shell, lines, folder);
      expect(offeredNames).toStrictEqual(names);
      for (const [at, command] of commands.entries()) {
        const options = listed(await helpOf(command), 'Options', /^ {2}(?:-\w, )?(--[\w-]+)/gmu);
        expect([command, ...(answers[at] ?? [])]).toStrictEqual([command, ...options]);
      }
    },
  );
});

describe('store completion bash', () => {
  it('completes paths with spaces, and only folders where a folder is wanted', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'my lines.jsonl'), '');
    await mkdir(join(folder, 'my data'));
    const lines = ['store import my', 'store status --data my', 'store status --data=my'];
    expect(await offered('bash', lines, folder)).toStrictEqual([
      ['my data', 'my lines.jsonl'],
      ['my data'],
      ['my data'],
    ]);
  });
});
