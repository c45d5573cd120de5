import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { runStore } from '../support/run-store.ts';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** Command line, the sentence behind `store: `, standard input. */
type BadArguments = readonly [args: readonly string[], sentence: RegExp, input?: string | Uint8Array];

const longKey = 'x'.repeat(1025);

const BAD: readonly BadArguments[] = [
  // serve
  [['serve', '--data', ''], /^--data takes the path of a folder, not ""\.$/],
  [['serve', '--port', 'abc'], /^--port takes a whole number from 0 to 65535, not "abc"\.$/],
  [['serve', '--port', '65536'], /^--port takes a whole number from 0 to 65535, not "65536"\.$/],
  [['serve', '--port', '-1'], /^--port takes a whole number from 0 to 65535, not "-1"\.$/],
  [
    ['serve', '--port', '07531'],
    /^--port takes a whole number from 0 to 65535 without leading zeros, not "07531"\.$/,
  ],
  [['serve', '--port', '1.5'], /^--port takes .*, not "1\.5"\.$/],
  [['serve', '--port', ''], /^--port takes .*, not ""\.$/],
  [['serve', '--port'], /^Option '--port <number>' argument missing, see `store serve --help`\.$/],
  [['serve', '--host', 'a b'], /^--host takes an IPv4 or IPv6 address or a host name, not "a b"\.$/],
  [['serve', '--host', '[::1]'], /^--host takes .*, not "\[::1\]"\.$/],
  [['serve', '--host', '0.0.0.0', '--port', '0'], /^Listening on 0\.0\.0\.0:0 .*--insecure-network.*\.$/],
  [['serve', '--peer', 'no where'], /^--peer takes HOST:PORT .*, not "no where"\.$/],
  [['serve', '--peer', ''], /^--peer takes HOST:PORT .*, not ""\.$/],
  [['serve', '--peer', 'a:0'], /^--peer takes HOST:PORT with a port from 1 .*, not "a:0"\.$/],
  [['serve', '--peer', 'a:07531'], /^--peer takes HOST:PORT .*no leading zeros.*, not "a:07531"\.$/],
  [['serve', '--advertise', 'a:07531'], /^--advertise takes HOST:PORT .*, not "a:07531"\.$/],
  [['serve', '--peer', '::1:7531'], /^--peer takes HOST:PORT .*brackets.*, not "::1:7531"\.$/],
  [['serve', '--name', 'a/b'], /^--name takes 1 to 64 of the characters .*, not "a\/b"\.$/],
  [['serve', '--name', 'x'.repeat(65)], /^--name takes 1 to 64 of the characters/],
  [['serve', '--cluster', ''], /^--cluster takes 1 to 64 of the characters .*, not ""\.$/],
  [
    ['serve', '--gossip-interval', '1'],
    /^--gossip-interval takes a duration from 10ms to 1d such as .*, not "1"\.$/,
  ],
  [['serve', '--gossip-interval', '0s'], /^--gossip-interval takes .*, not "0s"\.$/],
  [['serve', '--gossip-interval', '25h'], /^--gossip-interval takes .*, not "25h"\.$/],
  [['serve', '--fanout', '0'], /^--fanout takes a whole number from 1 to 1000, not "0"\.$/],
  [['serve', '--mode', 'gossip'], /^--mode takes one of push, pull, push-pull, not "gossip"\.$/],
  [
    ['serve', '--print-state', '10'],
    /^--print-state takes a duration from 100ms to 1d such as .*, not "10"\.$/,
  ],
  [['serve', '--tombstone-ttl', '-1h'], /^--tombstone-ttl takes a duration from 1ms .*, not "-1h"\.$/],
  [['serve', '--tombstone-ttl', '1 day'], /^--tombstone-ttl takes .*, not "1 day"\.$/],
  [['serve', '--max-drift', '1ms'], /^--max-drift takes a duration from 1s to 1d .*, not "1ms"\.$/],
  [['serve', '--durability', 'perhaps'], /^--durability takes one of fsync, os, not "perhaps"\.$/],
  [['serve', '--log-level', 'loud'], /^--log-level takes one of debug, .*, not "loud"\.$/],
  [
    ['serve', '--prot', '1'],
    /^Unknown option '--prot' \(did you mean --port\?\), see `store serve --help`\.$/,
  ],
  [
    ['serve', 'now'],
    /^Too many arguments for 'serve': expected 0 arguments but got 1, see `store serve --help`\.$/,
  ],

  // certs
  [['certs', 'node'], /^Missing required argument 'name', see `store certs node --help`\.$/],
  [['certs', 'init', '--days', '0'], /^--days takes a whole number from 1 to 36500, not "0"\.$/],

  // put
  [['put'], /^Missing required argument 'key', see `store put --help`\.$/],
  [['put', 'a'], /^A value is missing: /],
  [['put', 'a', 'b', '--file', '-'], /^A value and --file exclude each other/],
  [['put', 'a', 'b', 'c'], /^Too many arguments for 'put'/],
  [['put', '', 'b'], /^A key must have at least one character\.$/],
  [['put', longKey, 'b'], /^A key must have at most 1024 bytes of UTF-8, and this one has 1025\.$/],
  [['put', 'a', 'b', '--type', 'yaml'], /^--type takes one of text, json, binary, not "yaml"\.$/],
  [['put', 'a', '{', '--type', 'json'], /^The value is not JSON: /],
  [['put', 'a', '-0', '--type', 'json'], /^A number in the value is -0 or too large/],
  [['put', 'a', '1e999', '--type', 'json'], /^A number in the value is -0 or too large/],
  [['put', 'a', '9007199254740993', '--type', 'json'], /^The number 9007199254740993 has .* as text\.$/],
  [['put', 'a', '--5th'], /^Unknown option '--5th'; put -- before an argument .*, see `store put --help`\.$/],
  [['put', 'a\uFFFD', 'b'], /^The key is not UTF-8, .*`store import`, or over HTTP\.$/],
  [['put', 'a', 'b\uFFFD'], /^The value is not UTF-8, .*: give it with --file\.$/],
  [['put', 'a', '{"__proto__":1}', '--type', 'json'], /__proto__/],
  [['put', 'a', 'AQI', '--type', 'binary'], /^The value of type "binary" must be base64/],
  [['put', 'a', '--file', '-'], /^The content of standard input is not UTF-8: /, new Uint8Array([0xff])],
  [['put', 'a', '--file', '-'], /^A value must have at most 8388608 bytes packed/, 'x'.repeat(2 ** 23)],
  [['put', 'a', '--file'], /^Option '--file <file>' argument missing, see `store put --help`\.$/],
  [['put', 'a', 'b', '--ttl', '10'], /^--ttl takes a duration from 1ms .*, not "10"\.$/],
  [['put', 'a', 'b', '--ttl', '0s'], /^--ttl takes .*, not "0s"\.$/],
  [['put', 'a', 'b', '--ttl', 'soon'], /^--ttl takes .*, not "soon"\.$/],
  [['put', 'a', 'b', '--data', ''], /^--data takes the path of a folder/],

  // get, del
  [['get'], /^Missing required argument 'key', see `store get --help`\.$/],
  [['get', 'a', 'b'], /^Too many arguments for 'get'/],
  [['get', 'a', '--raw', '--json'], /^--raw and --json exclude each other/],
  [['get', ''], /^A key must have at least one character\.$/],
  [['get', 'a', '--data', ''], /^--data takes the path of a folder/],
  [['del'], /^Missing required argument 'key', see `store del --help`\.$/],
  [['del', 'a', longKey], /^A key must have at most 1024 bytes/],
  [['del', 'a', '--data', ''], /^--data takes the path of a folder/],

  // list, count, export
  [['list', '--limit', '0'], /^--limit takes a whole number from 1, not "0"\.$/],
  [['list', '--limit', 'many'], /^--limit takes a whole number from 1, not "many"\.$/],
  [['list', '--data', ''], /^--data takes the path of a folder/],
  [['list', 'a', 'b'], /^Too many arguments for 'list'/],
  [['count', 'a', 'b'], /^Too many arguments for 'count'/],
  [['count', '--data', ''], /^--data takes the path of a folder/],
  [['export', 'a', 'b'], /^Too many arguments for 'export'/],
  [['export', '--data', ''], /^--data takes the path of a folder/],

  // import
  [['import'], /^Missing required argument 'file', see `store import --help`\.$/],
  [['import', '-', '--skip'], /^Unknown option '--skip'/],
  [['import', '-', '--data', ''], /^--data takes the path of a folder/],

  // status, sync, collect
  [['status', '--watch', 'often'], /^--watch takes a duration from 100ms to 1d such as .*, not "often"\.$/],
  [['status', 'now'], /^Too many arguments for 'status'/],
  [['status', '--data', ''], /^--data takes the path of a folder/],
  [['sync', '--wait', '--timeout', '5'], /^--timeout takes a duration from 1ms .*, not "5"\.$/],
  [['sync', '--timeout', '5s'], /^--timeout needs --wait/],
  [['sync', '--data', ''], /^--data takes the path of a folder/],
  [['collect', '--data', ''], /^--data takes the path of a folder/],

  // doctor, completion
  [['doctor', 'now'], /^Too many arguments for 'doctor'/],
  [['doctor', '--peer', 'no where'], /^--peer takes HOST:PORT .*, not "no where"\.$/],
  [['doctor', '--data', ''], /^--data takes the path of a folder/],
  [['completion'], /^Missing required argument 'shell', see `store completion --help`\.$/],
  [['completion', 'csh'], /^The shell takes one of bash, zsh, fish, not "csh"\.$/],

  // none
  [['exprot'], /^Unknown command 'exprot' \(did you mean export\?\), see `store --help`\.$/],
  [['--json'], /^Unknown option '--json', see `store --help`\.$/],
];

let folder = '';

beforeAll(async () => {
  folder = await makeTemporaryFolder();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(() => removeFolder(folder));

describe('bad arguments end with exit code 2 and one sentence', () => {
  it.each(
    BAD.map(([args, sentence, input]) => ({ args, sentence, input, line: args.join(' ').slice(0, 60) })),
  )('store $line', async ({ args, sentence, input }) => {
    // A folder of its own: some open it.
    const dir = join(folder, randomUUID());
    vi.stubEnv('STORE_DATA', dir);
    // Only standard input needs a process.
    const ended = input === undefined ? runMain(args) : runStore(args, { env: { STORE_DATA: dir }, input });
    const { code, stdout, stderr } = await ended;
    expect(stderr).toMatch(/^store: [^\n]+\n$/);
    expect(stderr.slice('store: '.length).trimEnd()).toMatch(sentence);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('from STORE_DATA too', async () => {
    const { code, stderr } = await runStore(['count'], { env: { STORE_DATA: '' } });
    expect(stderr).toMatch(/^store: STORE_DATA takes the path of a folder, not ""\.\n$/);
    expect(code).toBe(2);
  });
});

describe('bad arguments of `store serve`', () => {
  it('make no folder', async () => {
    const parent = await temporaryFolder();
    for (const args of [
      ['--port', 'x'],
      ['--host', '0.0.0.0'],
      ['--name', '/'],
    ]) {
      const { code } = await runMain(['serve', '--data', join(parent, 'node'), ...args]);
      expect(code).toBe(2);
    }
    expect(await readdir(parent)).toStrictEqual([]);
  });
});
