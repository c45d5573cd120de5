import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLevelStore } from '../../src/adapters/level-store.ts';
import { removeStopNote } from '../../src/node/stop-note.ts';
import { entryKey } from '../../src/storage/keyspace.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function flipEntry(dir: string, name: string): Promise<void> {
  await removeStopNote(dir);
  const store = await openLevelStore(join(dir, 'db'), { createIfMissing: false });
  const key = entryKey(new TextEncoder().encode(name));
  const value = (await store.get(key))?.slice() ?? new Uint8Array(0);
  value[0] = (value[0] ?? 0) ^ 1;
  await store.write([{ type: 'put', key, value }], { sync: true });
  await store.close();
}

describe('store verify', () => {
  it('tells a sound store from a damaged one, repairs it, and a peer brings back the rest', async () => {
    const folder = await temporaryFolder();
    const [data, other] = [join(folder, 'a'), join(folder, 'b')];
    const peer = await startServe(['--data', other, '--name', 'b']);
    const serve = await startServe(['--data', data, '--name', 'a', '--peer', peer.address]);
    await runStore(['put', 'greeting', 'Good morning', '--data', data]);
    await runStore(['put', 'other', 'untouched', '--data', data]);
    await runStore(['sync', '--wait', '--data', data]);

    const sound = await runStore(['verify', '--data', data]);
    expect(sound).toMatchObject({ code: 0, stderr: '' });
    expect(sound.stdout).toMatch(
      /^node records: \d\nactors: 1\nentries, tombstones included: 2\n[^]*\nsound\n$/,
    );
    await serve.stop();
    await flipEntry(data, 'greeting');

    const found = await runStore(['verify', '--data', data]);
    expect(found).toMatchObject({ code: 3, stderr: '' });
    expect(found.stdout).toContain(
      'PROBLEM in entries, tombstones included: 1 records that fail their checksum, or make no sense, such as greeting\n',
    );
    const repaired = await runStore(['verify', '--repair', '--json', '--data', data]);
    expect(repaired).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(repaired.stdout)).toMatchObject({
      sound: false,
      repair: { sound: true, message: expect.stringMatching(/asks its peers/) as string },
    });
    expect((await runStore(['verify', '--data', data])).code).toBe(0);
    const stderr = expect.stringMatching(/^store: This store may lack entries: [^\n]+\n$/) as string;
    const present = await runStore(['get', 'other', '--data', data]);
    expect(present).toMatchObject({ code: 0, stdout: 'untouched\n', stderr });
    expect(await runStore(['get', 'greeting', '--data', data])).toMatchObject({
      code: 1,
      stdout: '',
      stderr,
    });
    expect(await runStore(['count', '--data', data])).toMatchObject({ stdout: '1\n', stderr });
    expect(await runStore(['list', '--json', '--data', data])).toMatchObject({ code: 0, stderr });
    expect(await runStore(['export', '--data', data])).toMatchObject({ code: 0, stderr });

    await startServe(['--data', data, '--peer', peer.address]);
    await runStore(['sync', '--wait', '--data', data]);
    const healed = await runStore(['get', 'greeting', '--data', data]);
    expect(healed).toMatchObject({ stdout: 'Good morning\n', stderr: '' });
    expect((await runStore(['verify', '--data', data])).code).toBe(0);
  });
});
