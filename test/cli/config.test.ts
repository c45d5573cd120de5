/** Settings: from the command line, the environment, a file; what is in force, and what is said of wrong ones. */

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SETTING_NAMES, SETTINGS, type Setting, variableOf } from '../../src/cli/settings/table.ts';
import { checkNodeOptions } from '../../src/node/options.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

const run = promisify(execFile);

interface Shown {
  readonly key: string;
  readonly value: unknown;
  readonly from: string;
  readonly place?: string;
  readonly line?: number;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

async function fileOf(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'node.toml');
  await writeFile(file, text);
  return file;
}

/** What `store config` says of each key. */
async function config(...args: readonly string[]): Promise<ReadonlyMap<string, Shown>> {
  const { code, stdout, stderr } = await runMain(['config', '--json', ...args]);
  expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
  const { settings } = JSON.parse(stdout) as { settings: readonly Shown[] };
  return new Map(settings.map((setting) => [setting.key, setting]));
}

describe('store config', () => {
  it('shows every setting with its default where nobody says anything', async () => {
    const { code, stdout, stderr } = await runMain(['config']);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
    // Where the comments begin depends on how long the path of this folder is.
    const text = stdout.replace(resolve('data/node'), '/data/node').replaceAll(/ {2,}# /gu, '  # ');
    expect(text).toMatchInlineSnapshot(`
      "# No file: --config or STORE_CONFIG names one.
      data = "/data/node"  # default
      # name  # default: the folder's, or a random one for a new node
      # cluster  # default: the folder's, or \`default\` for a new node
      host = "127.0.0.1"  # default
      port = 7531  # default
      peers = []  # default
      # advertise  # default: where it listens, or as peers see it if that is everywhere
      membership = true  # default
      metadata = ""  # default
      sampler = "full"  # default
      probe-interval = "1s"  # default
      member-retention = "3d"  # default
      gossip-interval = "1s"  # default
      fanout = 3  # default
      rumours = true  # default
      rumour-interval = "20ms"  # default
      rumour-fanout = 3  # default
      rumour-counter = 4  # default
      mode = "push-pull"  # default
      tombstone-ttl = "1d"  # default
      max-drift = "1m"  # default
      session-timeout = "30s"  # default
      audit-interval = "1d"  # default
      scrub-interval = "1d"  # default
      durability = "fsync"  # default
      dot-cache = "64MiB"  # default
      max-key = "1KiB"  # default
      max-value = "8MiB"  # default
      max-batch = "8MiB"  # default
      max-batch-entries = 10000  # default
      compression = "auto"  # default
      # max-serve-rate  # default: no limit
      # tls-cert  # default: none
      # tls-key  # default: none
      # tls-ca  # default: none
      insecure-network = false  # default
      log-changes = false  # default
      log-level = "info"  # default
      # print-state  # default: never
      "
    `);
  });

  it('lets the command line win over the environment, that over the file, and that over the default', async () => {
    const file = await fileOf('port = 1\nfanout = 2\n\nname = "of-file"\n');
    vi.stubEnv('STORE_PORT', '3');
    vi.stubEnv('STORE_FANOUT', '4');
    const shown = await config('--config', file, '--port', '5');
    expect(shown.get('port')).toStrictEqual({
      key: 'port',
      value: 5,
      from: 'command line',
      place: '--port',
    });
    expect(shown.get('fanout')).toStrictEqual({
      key: 'fanout',
      value: 4,
      from: 'environment',
      place: 'STORE_FANOUT',
    });
    expect(shown.get('name')).toStrictEqual({
      key: 'name',
      value: 'of-file',
      from: 'file',
      place: file,
      line: 4,
    });
    expect(shown.get('host')).toStrictEqual({ key: 'host', value: '127.0.0.1', from: 'default' });
    expect(shown.get('cluster')).toStrictEqual({ key: 'cluster', value: null, from: 'default' });
  });

  it('takes a switch back where it is switched otherwise, from each place', async () => {
    const file = await fileOf('compression = "never"\ninsecure-network = true\n');
    vi.stubEnv('STORE_CONFIG', file);
    const values = async (...args: readonly string[]): Promise<unknown[]> => {
      const shown = await config(...args);
      return [shown.get('compression')?.value, shown.get('insecure-network')?.value];
    };
    expect(await values()).toStrictEqual(['never', true]);
    const taken = await values('--compression', 'auto', '--no-insecure-network');
    expect(taken).toStrictEqual(['auto', false]);
    vi.stubEnv('STORE_COMPRESSION', 'always');
    vi.stubEnv('STORE_INSECURE_NETWORK', 'false');
    expect(await values()).toStrictEqual(['always', false]);
    expect(await values('--insecure-network')).toStrictEqual(['always', true]);
  });

  it('takes peers as a list, and does not mix those of two places', async () => {
    const file = await fileOf('peers = [\n  "a:1", # the first\n  "[::1]:2",\n]\n');
    const peers = async (...args: readonly string[]): Promise<unknown> => {
      return (await config('--config', file, ...args)).get('peers')?.value;
    };
    expect(await peers()).toStrictEqual(['a:1', '[::1]:2']);
    expect(await peers('--peer', 'c:3', '--peer', 'd:4')).toStrictEqual(['c:3', 'd:4']);
    vi.stubEnv('STORE_PEERS', 'e:5, f:6');
    expect(await peers()).toStrictEqual(['e:5', 'f:6']);
    vi.stubEnv('STORE_PEERS', undefined);
    expect((await config('--config', await fileOf('peers = []'))).get('peers')).toMatchObject({
      value: [],
      from: 'file',
    });
  });

  it('prints a file of settings that says the same', async () => {
    const args = [
      '--peer',
      'a:1',
      '--tombstone-ttl',
      '90m',
      '--dot-cache',
      '1500KiB',
      '--compression',
      'never',
    ];
    const { stdout } = await runMain(['config', ...args]);
    const file = await fileOf(stdout);
    const again = await config('--config', file);
    const first = await config(...args);
    for (const [key, { value }] of first) expect([key, again.get(key)?.value]).toStrictEqual([key, value]);
    expect(again.get('tombstone-ttl')).toMatchObject({ value: '90m', from: 'file' });
  });

  it('means a relative folder in the file from where the file is', async () => {
    const file = await fileOf('data = "state"\n');
    expect((await config('--config', file)).get('data')?.value).toBe(join(file, '..', 'state'));
    expect((await config('--config', file, '--data', 'state')).get('data')?.value).toBe(resolve('state'));
  });

  it('reads a file that is a pipe', async () => {
    const line = `echo 'fanout = 7' | "$0" "$1" config --config /dev/stdin`;
    const store = join(import.meta.dirname, '..', '..', 'bin', 'store.js');
    const { stdout } = await run('/bin/sh', ['-c', line, process.execPath, store]);
    expect(stdout).toMatch(/^fanout = 7 +# file, line 1$/m);
  });

  it('names variables that are no settings, and ignores them', async () => {
    vi.stubEnv('STORE_FRONT_COLOUR', 'red');
    expect((await runMain(['config'])).stdout).toMatch(
      /^# STORE_FRONT_COLOUR in the environment is no setting, and is ignored\.$/m,
    );
  });

  it('fails after it was printed if what is said together is wrong', async () => {
    const { code, stdout, stderr } = await runMain(['config', '--host', '0.0.0.0']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^host = "0\.0\.0\.0" +# command line, --host$/m);
    expect(stderr).toMatch(/^store: Listening on 0\.0\.0\.0:7531 .*--insecure-network.*\.\n$/);
  });
});

describe('a wrong setting is named with its place', () => {
  it.each([
    ['port = "x"', /^FILE, line 1: port takes a whole number from 0 to 65535, not "x"\.$/],
    ['port = "1"', /^FILE, line 1: port takes a number without quotes, not "1"\.$/],
    ['port = 1.5', /^FILE, line 1: port takes a whole number .*, not "1\.5"\.$/],
    ['# why\n\nport = 65536', /^FILE, line 3: port takes .*, not "65536"\.$/],
    ['data = """\nport = 1"""\nport = -1', /^FILE, line 3: port takes .*, not "-1"\.$/],
    ['name = 7', /^FILE, line 1: name takes a text in quotes, not 7\.$/],
    ['gossip-interval = 5', /^FILE, line 1: gossip-interval takes a duration from 10ms .*, not "5"\.$/],
    ['audit-interval = "25d"', /^FILE, line 1: audit-interval takes a duration from 1s to 24d .*\.$/],
    ['dot-cache = "64MB"', /^FILE, line 1: dot-cache takes a size from 0B to 4GiB .*, not "64MB"\.$/],
    ['compression = "no"', /^FILE, line 1: compression takes one of auto, always, never, not "no"\.$/],
    ['insecure-network = "no"', /^FILE, line 1: insecure-network takes true or false, not "no"\.$/],
    [
      'insecure-network = "false"',
      /^FILE, line 1: insecure-network takes true or false without quotes, not "false"\.$/,
    ],
    ['peers = "a:1"', /^FILE, line 1: peers takes a list of texts in quotes, such as .*, not "a:1"\.$/],
    ['peers = ["a:1", "b:"]', /^FILE, line 1: peers takes HOST:PORT .*, not "b:"\.$/],
    ['peers = [""]', /^FILE, line 1: peers takes HOST:PORT .*, not ""\.$/],
    ['data = ""', /^FILE, line 1: data takes the path of a folder, not ""\.$/],
    ['durability = "off"', /^FILE, line 1: durability takes one of fsync, os, not "off"\.$/],
    ['max-key = "2KiB"', /^FILE, line 1: max-key takes a size from 1B to 1KiB .*, not "2KiB"\.$/],
    [
      '\ngosip-interval = "1s"',
      /^FILE, line 2: "gosip-interval" is no setting; did you mean gossip-interval\?$/,
    ],
    ['peer = ["a:1"]', /^FILE, line 1: "peer" is no setting; did you mean peers\?$/],
    ['gossip_interval = "1s"', /^FILE, line 1: .*; did you mean gossip-interval\?$/],
    ['xyzzyxyzzy = 1', /^FILE, line 1: "xyzzyxyzzy" is no setting; there are data, name, .*, print-state\.$/],
    ['__proto__ = 1', /^FILE, line 1: "__proto__" is no setting; /],
    ['[node]\nport = 1', /^FILE, line 1: "node" is no setting; did you mean mode\?$/],
    ['port 1', /^FILE, line 1, column \d+: .* \(the file is TOML\)\.$/],
    ['port = 1\nport = 2', /^FILE, line 2, column 1: trying to redefine .*\.$/],
  ])('%j', async (text, sentence) => {
    const file = await fileOf(text);
    for (const command of ['config', 'serve']) {
      const dir = join(file, '..', 'node');
      const { code, stdout, stderr } = await runMain([command, '--config', file, '--data', dir]);
      expect(stderr).toMatch(/^store: [^\n]+\n$/);
      expect(stderr.slice('store: '.length).trimEnd().replace(file, 'FILE')).toMatch(sentence);
      expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' });
    }
  });

  it('in the environment', async () => {
    vi.stubEnv('STORE_TOMBSTONE_TTL', '5');
    expect(await runMain(['config'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^store: STORE_TOMBSTONE_TTL takes a duration from .*, not "5"\.\n$/,
      ) as string,
    });
  });

  it('in the environment, also for a command that needs nothing but the folder', async () => {
    vi.stubEnv('STORE_DTAA', 'x');
    expect(await runMain(['count'])).toMatchObject({
      code: 2,
      stderr: 'store: STORE_DTAA in the environment is no setting; did you mean STORE_DATA?\n',
    });
  });

  it('when no file is named where one should be', async () => {
    const stderr = 'store: --config takes the path of a file, not "".\n';
    expect(await runMain(['config', '--config', ''])).toMatchObject({ code: 2, stderr });
    vi.stubEnv('STORE_CONFIG', '');
    expect((await runMain(['config'])).stderr).toBe(stderr.replace('--config', 'STORE_CONFIG'));
  });

  it('in the file, also where the command line has a better one', async () => {
    const file = await fileOf('port = 0x1ffff\n');
    expect((await runMain(['config', '--port', '1', '--config', file])).code).toBe(2);
  });

  it('in the environment only where it would hold', async () => {
    vi.stubEnv('STORE_PORT', 'tcp://10.0.0.1:7531');
    expect((await runMain(['config', '--port', '1'])).code).toBe(0);
    expect((await runMain(['config'])).code).toBe(2);
  });

  it('when there is no such file', async () => {
    const file = join(await temporaryFolder(), 'none.toml');
    expect(await runMain(['config', '--config', file])).toMatchObject({
      code: 3,
      stderr: `store: The file ${file} cannot be read: there is no such file.\n`,
    });
  });
});

describe('every setting', () => {
  const all: readonly (readonly [string, Setting<unknown>])[] = SETTING_NAMES.map((name) => [
    name,
    SETTINGS[name],
  ]);

  it.each(all)('%s has an option, a variable, and a place in the help', async (_name, setting) => {
    const help = (await runMain(['serve', '--help'])).stdout.replaceAll(/\s+/g, ' ');
    expect(help).toContain(` --${setting.byDefault === true ? 'no-' : ''}${setting.option ?? setting.key} `);
    expect(help).toContain(`env: ${variableOf(setting)})`);
  });

  it('has the default of openNode, if that has one', async () => {
    const { checked, byDefault } = { checked: checkNodeOptions({ dir: 'x' }), byDefault: await config() };
    const defaults = Object.fromEntries(
      SETTING_NAMES.map((name) => [name, (SETTINGS[name] as Setting<unknown>).byDefault]),
    );
    const { limits, log: _log, dir: _dir, listen: _listen, ...others } = checked;
    for (const [name, value] of Object.entries({ ...others, ...limits })) {
      expect([name, defaults[name]]).toStrictEqual([name, value]);
    }
    expect(byDefault.size).toBe(SETTING_NAMES.length);
  });

  it.each([
    ['gossip-interval', 'gossipIntervalMs', '10ms', '1d'],
    ['session-timeout', 'sessionTimeoutMs', '1s', '24d'],
    ['audit-interval', 'auditIntervalMs', '1s', '24d'],
    ['scrub-interval', 'scrubIntervalMs', '1s', '24d'],
    ['max-drift', 'maxDriftMs', '1s', '1d'],
    ['tombstone-ttl', 'tombstoneTtlMs', '1ms', '36500d'],
    ['dot-cache', 'dotCacheBytes', '0B', '4GiB'],
    ['fanout', 'gossipFanout', '1', '1000'],
  ] as const)('%s is taken by openNode at both ends of its range', (_key, name, ...ends) => {
    for (const end of ends) {
      const value = SETTINGS[name].kind.parse(end, 'here');
      expect(checkNodeOptions({ dir: 'x', [name]: value })).toMatchObject({ [name]: value });
      expect(SETTINGS[name].kind.text(value)).toBe(end);
    }
  });
});

describe('a file of settings', () => {
  it('is what a node runs with, and other commands find its folder in it', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'node.toml');
    await mkdir(join(folder, 'elsewhere'));
    await writeFile(file, 'data = "node"\nname = "a"\ntombstone-ttl = "2h"\nmax-value = "1KiB"\nport = 0\n');
    const node = await startServe(['--config', file, '--port', '0'], { cwd: join(folder, 'elsewhere') });
    expect(node.nodeId).toBe('a');
    const env = { STORE_CONFIG: file };
    const status = await runStore(['status', '--json'], { env });
    expect(JSON.parse(status.stdout)).toMatchObject({
      dir: join(folder, 'node'),
      nodeId: 'a',
      tombstoneTtlMs: 7_200_000,
    });
    const put = await runStore(['put', 'a', 'x'.repeat(2000), '--config', file]);
    expect(put.stderr).toMatch(/^store: .* at most 1024 bytes/);
    expect(await runStore(['put', 'a', 'x'], { env })).toMatchObject({ code: 0, stderr: '' });
  });
});
