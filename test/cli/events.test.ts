import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spawnFollowed } from '../support/followed.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('store event', () => {
  it('is printed by `store events` of every node, until Ctrl-C', async () => {
    const folder = await temporaryFolder();
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const { address } = await startServe(['--data', a, '--name', 'a', '--log-level', 'silent']);
    await startServe(['--data', b, '--name', 'b', '--peer', address, '--log-level', 'silent']);
    await runStore(['sync', '--wait', '--data', b]);
    const json = spawnFollowed(['events', '--json', '--data', b]);
    expect(JSON.parse(await json.line())).toEqual({ begun: true });
    const plain = spawnFollowed(['events', '--data', a]);

    const told = await runStore([
      'event',
      'cache/clear',
      '["user/1"]',
      '--type',
      'json',
      '--data',
      a,
      '--json',
    ]);
    expect(told).toMatchObject({ code: 0, stdout: '{"name":"cache/clear"}\n', stderr: '' });
    expect(JSON.parse(await json.line())).toEqual({
      name: 'cache/clear',
      nodeId: 'a',
      payload: ['user/1'],
      type: 'json',
    });
    // It may have begun after the first one was told.
    const lines: string[] = [];
    const printed = (async () => {
      while (lines.at(-1) !== 'deploy\tb\tv2\\n\u00e9') lines.push(await plain.line());
    })();
    let isPrinted = false;
    void printed.then(() => (isPrinted = true));
    await expect
      .poll(
        async () => {
          await runStore(['event', 'deploy', 'v2\n\u00e9', '--data', b]);
          return isPrinted;
        },
        { timeout: 20_000 },
      )
      .toBe(true);

    const closed = once(plain.child, 'close');
    plain.child.kill('SIGINT');
    expect(await closed).toEqual([130, null]);
  }, 40_000);

  it('without a payload is null; a wrong name, or a payload that is too large, is wrong usage', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await startServe(['--data', dir, '--name', 'a', '--log-level', 'silent']);
    const events = spawnFollowed(['events', '--json', '--data', dir]);
    await events.line();
    await runStore(['event', 'go', '--data', dir]);
    expect(JSON.parse(await events.line())).toMatchObject({ name: 'go', payload: null });
    expect(await runStore(['event', 'no name', '--data', dir])).toMatchObject({
      code: 2,
      stderr: 'store: The name of an event must be 1 to 64 of the characters A-Z a-z 0-9 . _ : / -.\n',
    });
    expect(await runStore(['event', 'go', 'x'.repeat(8190), '--data', dir])).toMatchObject({
      code: 2,
      stderr:
        'store: The payload of an event must have at most 8192 bytes packed, and this one has 8193: store it, and tell its key.\n',
    });
  });

  it('needs a running node', async () => {
    const dir = join(await temporaryFolder(), 'node');
    for (const args of [['event', 'go'], ['events']]) {
      expect(await runStore([...args, '--data', dir])).toMatchObject({
        code: 3,
        stderr: `store: No node runs in ${dir}: \`store serve\` starts one.\n`,
      });
    }
  });
});
