/** Conditions and tokens on the command line, with a running node and without one. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runStore, type RunResult, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Store = (...args: readonly string[]) => Promise<RunResult>;

interface Deleted {
  readonly deleted: number;
  readonly tokens: readonly string[];
}

interface Written {
  readonly version: number;
  readonly actor: string;
  readonly token: string;
}

function parse({ stdout }: RunResult): Written & Deleted {
  return JSON.parse(stdout) as Written & Deleted;
}

function storeOf(dir: string): Store {
  return (...args) => runStore([...args, '--data', dir]);
}

describe.each([
  ['a running node', true],
  ['a folder alone', false],
])('with %s', (_, isServed) => {
  async function open(): Promise<Store> {
    const dir = join(await temporaryFolder(), 'node');
    if (isServed) await startServe(['--data', dir]);
    return storeOf(dir);
  }

  it('a key is made once, replaced and deleted only at its version; else exit code 4 and a sentence', async () => {
    const store = await open();
    const made = parse(await store('put', 'k', '1', '--if-absent', '--json'));
    const refused = await store('put', 'k', '2', '--if-absent');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toBe(
      `store: The key "k" holds version ${made.version} of ${made.actor}, and the write asks for none: nothing was changed; read the key again, and decide anew.\n`,
    );
    const version = `${made.version}@${made.actor}`;
    expect(await store('put', 'k', '2', '--if-version', version)).toMatchObject({ code: 0, stderr: '' });
    expect(await store('put', 'k', '3', '--if-version', version)).toMatchObject({ code: 4 });
    expect(await store('del', 'k', '--if-version', version)).toMatchObject({ code: 4, stdout: '' });
    const shown = parse(await store('get', 'k', '--json'));
    expect(await store('del', 'k', '--if-version', String(shown.version))).toMatchObject({
      code: 0,
      stdout: '1\n',
    });
  });

  it('put and del print tokens that reads take', async () => {
    const store = await open();
    const { token } = parse(await store('put', 'k', '1', '--json'));
    expect((await store('get', 'k', '--after', token)).stdout).toBe('1\n');
    expect((await store('list', '--after', token, '--timeout', '5s')).stdout).toBe('k\t1\n');
    expect((await store('count', '--after', token)).stdout).toBe('1\n');
    const { deleted, tokens } = parse(await store('del', 'k', 'l', '--json'));
    expect({ deleted, tokens: tokens.length }).toEqual({ deleted: 1, tokens: 2 });
    expect(await store('get', 'k', '--after', tokens[1] ?? '')).toMatchObject({ code: 1 });
  });

  it('a read fails whose write does not come', async () => {
    const store = await open();
    await store('put', 'k', '1');
    const stranger = 'stranger.0646a3e6ba5000.00000000.1';
    const failed = await store('get', 'k', '--after', stranger, '--timeout', '100ms');
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(failed.stderr).toMatch(/^store: The write of node stranger that `after` names was not seen here/);
  });
});

it('a write of one node is read on another with its token', async () => {
  const folder = await temporaryFolder();
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const { address } = await startServe(['--data', a, '--gossip-interval', '1h']);
  await startServe(['--data', b, '--gossip-interval', '1h', '--peer', address]);
  for (let value = 0; value < 3; value++) {
    const { token } = parse(await storeOf(a)('put', 'k', String(value), '--json'));
    expect((await storeOf(b)('get', 'k', '--after', token, '--timeout', '20s')).stdout).toBe(`${value}\n`);
  }
});

it.each([
  [['put', 'k', '1', '--if-version', 'x'], '--if-version takes VERSION or VERSION@ACTOR'],
  [['put', 'k', '1', '--if-version', '5', '--if-absent'], '--if-version and --if-absent exclude each other'],
  [['del', 'k', 'l', '--if-version', '5'], '--if-version is about one key'],
  [['get', 'k', '--after', 'x'], '--after takes the token that a write answered'],
  [['get', 'k', '--timeout', '5s'], '--timeout needs --after'],
])('%j is wrong usage', async (args, sentence) => {
  const result = await storeOf(join(await temporaryFolder(), 'node'))(...args);
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toContain(`store: ${sentence}`);
});

describe('--acks', () => {
  it('ends once so many nodes hold the write, or with exit code 3 and how many do', async () => {
    const folder = await temporaryFolder();
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const { address } = await startServe(['--data', a]);
    await startServe(['--data', b, '--peer', address]);
    const store = storeOf(a);
    const written = await store('put', 'k', '1', '--acks', '2', '--json');
    expect(JSON.parse(written.stdout)).toMatchObject({ acks: 2 });
    expect((await storeOf(b)('get', 'k')).stdout).toBe('1\n');
    const refused = await store('put', 'k', '2', '--acks', '3', '--timeout', '200ms');
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toMatch(
      /^store: The write is on disk here, but only 2 nodes, this one included, are/,
    );
    expect((await store('get', 'k')).stdout).toBe('2\n');
    expect(await store('del', 'k', '--acks', '2')).toMatchObject({ code: 0, stdout: '1\n' });
    expect((await storeOf(b)('get', 'k')).code).toBe(1);
    await store('put', 'k', '3');
    await store('put', 'l', '3');
    expect(await store('del', 'k', 'l', '--acks', '3', '--timeout', '200ms')).toMatchObject({ code: 3 });
    expect((await store('count')).stdout).toBe('0\n');
  });

  it.each([
    [['--acks', '0'], '--acks takes a whole number from 1 to 1024, not "0".'],
    [['--timeout', '5s'], '--timeout needs --acks: nothing else is waited for.'],
    [
      ['--acks', '2'],
      'The option `acks` cannot be more than 1 here: a store without a running node reaches no other.',
    ],
  ])('%j without a node is wrong usage', async (flags, sentence) => {
    const store = storeOf(join(await temporaryFolder(), 'node'));
    expect(await store('put', 'k', '1', ...flags)).toMatchObject({ code: 2, stderr: `store: ${sentence}\n` });
  });
});
