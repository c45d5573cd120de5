import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runStore, startServe, type RunOptions, type RunResult } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Shell {
  readonly dir: string;
  readonly store: (...args: readonly string[]) => Promise<RunResult>;
  readonly storeWith: (options: RunOptions, ...args: readonly string[]) => Promise<RunResult>;
}

async function openShell(isServed: boolean): Promise<Shell> {
  const dir = join(await temporaryFolder(), 'node');
  if (isServed) await startServe(['--data', dir]);
  const storeWith: Shell['storeWith'] = (options, ...args) => {
    return runStore(args, { ...options, env: { STORE_DATA: dir } });
  };
  return { dir, storeWith, store: (...args) => storeWith({}, ...args) };
}

function lines(text: string): unknown[] {
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
}

describe.each([
  ['a running node', true],
  ['a folder alone', false],
])('with %s', (_name, isServed) => {
  it('text, JSON and bytes come back as they were put', async () => {
    const { store, storeWith, dir } = await openShell(isServed);
    expect(await store('put', 'greeting', 'Good morning, 世界')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect((await store('get', 'greeting')).stdout).toBe('Good morning, 世界\n');

    await store('put', 'json', ' {"a": [1, null, "b"]} ', '--type', 'json');
    expect((await store('get', 'json')).stdout).toBe('{"a":[1,null,"b"]}\n');

    const bytes = randomBytes(100_000);
    const file = join(dir, '..', 'bytes');
    await writeFile(file, bytes);
    await store('put', 'bytes', '--type', 'binary', '--file', file);
    expect((await store('get', 'bytes')).stdoutBytes.equals(bytes)).toBe(true);
    await storeWith({ input: bytes }, 'put', 'piped', '--type', 'binary', '--file', '-');
    expect((await store('get', 'piped')).stdoutBytes.equals(bytes)).toBe(true);
    await store('put', 'base64', 'AQID', '--type', 'binary');
    expect((await store('get', 'base64')).stdoutBytes).toStrictEqual(Buffer.from([1, 2, 3]));

    await storeWith({ input: 'a line\n' }, 'put', 'line', '--file', '-');
    expect((await store('get', 'line')).stdout).toBe('a line\n\n');
    expect((await store('get', 'line', '--raw')).stdout).toBe('a line\n');
  });

  it('the largest value comes back, and one byte more is refused', async () => {
    const { store, storeWith } = await openShell(isServed);
    // A packed string of this length has five bytes more.
    const largest = '\u0001'.repeat(2 ** 23 - 5);
    expect(await storeWith({ input: largest }, 'put', 'a', '--file', '-')).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await store('get', 'a')).stdout === `${largest}\n`).toBe(true);
    const refused = await storeWith({ input: `${largest}\u0001` }, 'put', 'b', '--file', '-');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/^store: A value must have at most 8388608 bytes packed/);
  });

  it('--json shows an entry with its type, version and expiry', async () => {
    const { store } = await openShell(isServed);
    const before = Date.now();
    expect(lines((await store('put', 'a', 'text', '--ttl', '10m', '--json')).stdout)).toStrictEqual([
      {
        key: 'a',
        type: 'text',
        ttlMs: 600_000,
        version: expect.any(Number) as number,
        actor: expect.stringMatching(/\+/) as string,
        token: expect.any(String) as string,
        acks: 1,
      },
    ]);
    const [entry] = lines((await store('get', 'a', '--json')).stdout) as [{ expiresAt: number }];
    expect(entry).toStrictEqual({
      key: 'a',
      value: 'text',
      type: 'text',
      expiresAt: entry.expiresAt,
      version: expect.any(Number) as number,
      actor: expect.stringMatching(/\+/) as string,
    });
    expect(entry.expiresAt).toBeGreaterThanOrEqual(before + 600_000);
    expect(entry.expiresAt).toBeLessThanOrEqual(Date.now() + 600_000);
  });

  it('what is absent is exit code 1, without a word', async () => {
    const { store } = await openShell(isServed);
    await store('put', 'a', '1');
    await store('put', 'b', '1');
    expect(await store('get', 'none')).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(await store('del', 'a', 'none')).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await store('del', 'a', 'none')).toMatchObject({ code: 1, stdout: '0\n' });
    const deleted = await store('del', 'b', '--json');
    expect(deleted.code).toBe(0);
    expect(lines(deleted.stdout)).toStrictEqual([{ deleted: 1, tokens: [expect.any(String) as string] }]);
    expect(await store('get', 'b')).toMatchObject({ code: 1 });
  });

  it('keys of any characters work', async () => {
    const { store } = await openShell(isServed);
    const keys = ['.', '..', 'a/b', '/', '%2F', '?&=#+', ' ', 'a\nb', 'é😀'];
    // A folder alone sees a key as it is: one command shows it.
    const each = isServed ? keys : ['é😀'];
    for (const key of each) {
      await store('put', key, `value of ${key}`);
      expect((await store('get', key, '--raw')).stdout).toBe(`value of ${key}`);
    }
    expect((await store('count', each[0] ?? '')).stdout).toBe(isServed ? '2\n' : '1\n');
    expect((await store('del', ...each)).stdout).toBe(`${each.length}\n`);
    expect((await store('count')).stdout).toBe('0\n');
  });

  it('lists and counts keys with a prefix, in order, one a line whatever they hold', async () => {
    const { store } = await openShell(isServed);
    await store('put', 'user/2', 'two\tlines\nand \u001B[31mred');
    await store('put', 'user/1', '{"a":"b"}', '--type', 'json');
    await store('put', 'other', 'x');
    expect((await store('list', 'user/')).stdout).toMatchInlineSnapshot(`
      "user/1	{"a":"b"}
      user/2	two\\tlines\\nand \\u{1b}[31mred
      "
    `);
    expect((await store('list', '--limit', '1')).stdout).toBe('other\tx\n');
    expect(lines((await store('list', 'user/', '--json')).stdout)).toMatchObject([
      { key: 'user/1', value: { a: 'b' }, type: 'json' },
      { key: 'user/2', value: 'two\tlines\nand \u001B[31mred', type: 'text' },
    ]);
    expect((await store('list', 'none')).stdout).toBe('');
    expect((await store('count')).stdout).toBe('3\n');
    expect((await store('count', 'user/', '--json')).stdout).toBe('{"count":2}\n');
  });

  it('an export and an import of it bring everything over', async () => {
    const { store, storeWith } = await openShell(isServed);
    const text = [
      { key: 'a', value: 'text\n', type: 'text', expiresAt: 4_000_000_000_000 },
      { key: 'b', value: 'AQID', type: 'binary' },
      { key: 'c', value: 'y3/4AAAAAAAA', type: 'msgpack' },
      { key: 'd', value: { e: [1, 2.5, null] }, type: 'json' },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
    const imported = await storeWith({ input: text }, 'import', '-');
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toMatch(/^imported 4 entries in \d+\.\d s \(\d+\/s\)\n$/);
    expect((await store('export')).stdout).toBe(text);
    expect(lines((await store('export', 'b')).stdout)).toHaveLength(1);
  });

  it('an import of many lines stores them all, and a second run skips them', async () => {
    const { dir, store } = await openShell(isServed);
    const count = 5000;
    const file = join(dir, '..', 'lines');
    const text = Array.from(
      { length: count },
      (_, at) => `${JSON.stringify({ key: `k${at}`, value: at })}\n`,
    ).join('');
    await writeFile(file, text);
    const [first] = lines((await store('import', file, '--json')).stdout);
    expect(first).toMatchObject({ imported: count, existing: 0, invalid: 0, bytes: text.length });
    const second = await store('import', file, '--skip-existing');
    expect(second.stdout).toMatch(/^imported 0 entries in .*, skipped 5000 existing\n$/);
    expect((await store('count')).stdout).toBe(`${count}\n`);
    expect(lines((await store('export')).stdout)).toHaveLength(count);
  });

  it('an import stops at the first bad line, or reports and skips it', async () => {
    const { store, storeWith } = await openShell(isServed);
    const input = '{"key":"a","value":1}\n{"key":"b"}\n{"key":"c","value":1}\n';
    const stopped = await storeWith({ input }, 'import', '-');
    expect(stopped).toMatchObject({ code: 3, stdout: '' });
    expect(stopped.stderr).toMatch(
      /^store: line 2: The field "value" is missing; the import stopped there, with 1 entry stored: --skip-invalid passes over such lines\.\n$/,
    );
    expect((await store('count')).stdout).toBe('1\n');

    const skipped = await storeWith({ input }, 'import', '-', '--skip-invalid', '--skip-existing');
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toBe('line 2: The field "value" is missing.\n');
    expect(skipped.stdout).toMatch(/^imported 1 entry in .*, skipped 1 existing and 1 invalid\n$/);
  });

  it('status and collect answer for people and for programs', async () => {
    const { dir, store } = await openShell(isServed);
    await store('put', 'a', '1');
    const text = await store('status');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(isServed ? /running as process \d+/ : /not running/);
    expect(text.stdout).toContain(dir);
    const [status] = lines((await store('status', '--json')).stdout);
    const ofNode = isServed ? { peers: [], sessions: [] } : {};
    expect(status).toMatchObject({ dir, entries: 1, permanent: 1, clusterId: 'default', ...ofNode });
    expect((await store('collect')).stdout).toBe('collected 0\n');
    expect(lines((await store('collect', '--json')).stdout)).toStrictEqual([{ collected: 0, kept: 0 }]);
  });
});
