/** `store doctor`: what it finds with and without a running node, and that it leaves everything as it was. */

import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openLevelStore } from '../../src/adapters/level-store.ts';
import { removeStopNote } from '../../src/node/stop-note.ts';
import type { Finding, Subject } from '../../src/cli/doctor/finding.ts';
import { restingFindings } from '../../src/cli/doctor/resting-findings.ts';
import { LOCK_PATIENCE } from '../../src/cli/retry.ts';
import { openStore } from '../../src/index.ts';
import type { StoredRecord } from '../../src/ports/ordered-store.ts';
import { seal } from '../../src/storage/checksum.ts';
import { metaKey } from '../../src/storage/keyspace.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

async function folderWithStore(): Promise<string> {
  const dir = join(await temporaryFolder(), 'node');
  expect((await runMain(['put', 'greeting', 'Good morning', '--data', dir])).code).toBe(0);
  return dir;
}

async function doctor(
  dir: string,
  ...args: readonly string[]
): Promise<{ code: number | null; findings: readonly Finding[] }> {
  const { code, stdout, stderr } = await runMain(['doctor', '--json', '--data', dir, ...args]);
  expect(stderr).toBe('');
  const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: readonly Finding[] };
  expect(code).toBe(healthy ? 0 : 3);
  return { code, findings };
}

function about(subject: Subject, findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => finding.subject === subject);
}

async function records(dir: string): Promise<readonly StoredRecord[]> {
  await removeStopNote(dir);
  const store = await openLevelStore(join(dir, 'db'), { createIfMissing: false });
  const scan = store.scan({});
  const all = await scan.next(1000);
  await scan.close();
  await store.close();
  return all;
}

async function change(dir: string, key: Uint8Array, value: Uint8Array | undefined): Promise<void> {
  await removeStopNote(dir);
  const store = await openLevelStore(join(dir, 'db'), { createIfMissing: false });
  await store.write([value === undefined ? { type: 'del', key } : { type: 'put', key, value }], {
    sync: true,
  });
  await store.close();
}

describe('store doctor without a node', () => {
  it('has one line for each subject, and exit code 0 where all is well', async () => {
    const dir = await folderWithStore();
    const { code, stdout, stderr } = await runMain(['doctor', '--data', dir]);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toStrictEqual([
      `ok       folder    ${dir} holds a store, and can be written`,
      expect.stringMatching(/^\S+ +disk {6}[\d.]+ .B free, the store takes [\d.]+ K?B/) as string,
      expect.stringMatching(/^\S+ +files {5}/) as string,
      expect.stringMatching(
        /^ok {7}versions {2}boato [\d.]+, Node\.js [\d.]+, disk format \d+, protocol \d+$/,
      ) as string,
      'ok       node      none answers here',
      'ok       clock     not compared: peers tell the time to a node that runs',
      'ok       tls       no certificates are named here',
      'ok       peers     none are named here',
      'ok       data      1 entry, no damage known; `store verify` checks every record',
      '',
    ]);
  });

  it('changes no record, and leaves the marker of a clean stop where it is', async () => {
    const dir = await folderWithStore();
    const files = await readdir(dir);
    const before = await records(dir);
    expect(before.map(([key]) => key)).toContainEqual(metaKey('clean'));
    expect((await doctor(dir)).code).toBe(0);
    expect(await readdir(dir)).toStrictEqual(files);
    expect(await records(dir)).toStrictEqual(before);
  });

  it('makes nothing where there is no store', async () => {
    const folder = await temporaryFolder();
    const { code, findings } = await doctor(join(folder, 'node'));
    expect(code).toBe(0);
    expect(findings[0]).toMatchObject({ mark: 'warning', subject: 'folder' });
    expect(await readdir(folder)).toStrictEqual([]);
  });

  it('finds a folder of something else', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'thesis.txt'), 'years of work');
    const { code, findings } = await doctor(folder);
    expect(code).toBe(3);
    expect(findings[0]).toMatchObject({
      mark: 'problem',
      message: expect.stringContaining('thesis.txt') as string,
    });
    expect(await readdir(folder)).toStrictEqual(['thesis.txt']);
  });

  it('finds a database that is missing, and begins no other', async () => {
    const dir = await folderWithStore();
    await rm(join(dir, 'db'), { recursive: true });
    const { code, findings } = await doctor(dir);
    expect(code).toBe(3);
    expect(findings[0]).toMatchObject({ mark: 'problem', message: `the database in ${dir} is missing` });
    expect(await readdir(dir)).toStrictEqual(['initialized', 'stopped.json']);
  });

  it('finds a database that cannot be opened', async () => {
    const dir = await folderWithStore();
    await rm(join(dir, 'db', (await readFile(join(dir, 'db', 'CURRENT'), 'utf8')).trim()));
    const { findings } = await doctor(dir);
    expect(about('data', findings)).toMatchObject([{ mark: 'problem' }]);
  });

  it('finds an unclean stop', async () => {
    const dir = await folderWithStore();
    await change(dir, metaKey('clean'), undefined);
    const { code, findings } = await doctor(dir);
    expect(code).toBe(0);
    expect(about('data', findings)).toMatchObject([
      { mark: 'warning', message: 'the last stop was not clean' },
    ]);
  });

  it('finds a damaged record', async () => {
    const dir = await folderWithStore();
    await change(dir, metaKey('state'), new Uint8Array(9));
    const { code, findings } = await doctor(dir);
    expect(code).toBe(3);
    expect(about('data', findings)).toMatchObject([
      { mark: 'problem', message: expect.stringMatching(/^A record on disk does not match/) as string },
    ]);
  });

  it('finds another format', async () => {
    const dir = await folderWithStore();
    const key = metaKey('identity');
    await change(dir, key, seal(key, Uint8Array.of(99)));
    const { code, findings } = await doctor(dir);
    expect(code).toBe(3);
    expect(about('data', findings)).toMatchObject([
      { mark: 'problem', message: expect.stringMatching(/^the store has format 99, /) as string },
    ]);
  });

  it('finds that what the database held is gone', async () => {
    const dir = await folderWithStore();
    await change(dir, metaKey('identity'), undefined);
    expect(about('data', (await doctor(dir)).findings)).toMatchObject([{ mark: 'problem' }]);
  });

  it('names the process that has the folder', async () => {
    const dir = await folderWithStore();
    await using _store = await openStore({ dir });
    const findings = await restingFindings(dir, { ...LOCK_PATIENCE, limitMs: 0 });
    expect(findings).toMatchObject([
      {
        mark: 'warning',
        subject: 'node',
        message: `process ${process.pid} uses the folder, and no node answers`,
      },
      { mark: 'ok', subject: 'data', message: 'not looked at' },
    ]);
  });

  it('does not open the folder of another user, whose node could not use what that leaves behind', async () => {
    const dir = await folderWithStore();
    const files = await readdir(join(dir, 'db'));
    vi.spyOn(process, 'getuid').mockReturnValue(54_321);
    const { code, findings } = await doctor(dir);
    expect(code).toBe(0);
    expect(about('data', findings)).toMatchObject([
      { mark: 'warning', advice: 'run `store doctor` as that user' },
    ]);
    expect(await readdir(join(dir, 'db'))).toStrictEqual(files);
  });

  it('tries the peers that the settings name: one of two that is down is a warning, both are a problem', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await mkdir(dir);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const one = await doctor(dir, '--peer', address, '--peer', 'localhost:1');
    expect(about('peers', one.findings)).toMatchObject([
      { mark: 'ok', message: `${address} can be reached` },
      { mark: 'warning', message: 'The peer at localhost:1 cannot be reached: nothing listens there.' },
    ]);
    server.close();
    await once(server, 'close');
    const both = await doctor(dir, '--peer', address, '--peer', 'localhost:1');
    expect(both.code).toBe(3);
    expect(about('peers', both.findings)).toMatchObject([{ mark: 'problem' }, { mark: 'problem' }]);
  });
});

describe('store doctor beside a running node', () => {
  it('asks the node for its clock, its peers and its data', async () => {
    const folder = await temporaryFolder();
    const [dir, other] = [join(folder, 'a'), join(folder, 'b')];
    const peer = await startServe(['--data', other, '--name', 'b', '--log-level', 'silent']);
    const node = await startServe([
      '--data',
      dir,
      '--name',
      'a',
      '--peer',
      peer.address,
      '--log-level',
      'silent',
    ]);
    await runStore(['put', 'greeting', 'Good morning', '--data', dir]);
    expect((await runStore(['sync', '--wait', '--data', dir])).code).toBe(0);
    const { code, findings } = await doctor(dir);
    expect(code).toBe(0);
    expect(about('node', findings)[0]?.message).toBe(`a runs as process ${node.pid}, and answers`);
    expect(about('clock', findings)[0]?.message).toMatch(/^at most \d+m?s from the peer's$/);
    expect(about('peers', findings)[0]?.message).toBe(`b at ${peer.address} can be reached`);
    expect(about('data', findings)[0]?.message).toMatch(
      /^1 entry, fingerprint [\da-f]{16}, no damage known$/,
    );
  });
});
