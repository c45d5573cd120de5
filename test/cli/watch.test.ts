import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runStore, startServe } from '../support/run-store.ts';
import { spawnFollowed } from '../support/followed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('store watch', () => {
  it('prints what changes, and at Ctrl-C where to go on', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await startServe(['--data', dir, '--log-level', 'silent']);
    const json = spawnFollowed(['watch', 'k', '--json', '--data', dir]);
    expect(JSON.parse(await json.line())).toMatchObject({ op: 'begun', token: expect.any(String) as string });
    const plain = spawnFollowed(['watch', '--data', dir, '--since', '']);
    await once(plain.child, 'close');
    expect(plain.stderr()).toMatch(/^store: This is not a token of a watch: [^\n]+\n$/);

    await runStore(['put', 'k\t', 'a\nb', '--data', dir]);
    expect(JSON.parse(await json.line())).toMatchObject({
      op: 'put',
      key: 'k\t',
      value: 'a\nb',
      type: 'text',
      origin: 'local',
      token: expect.any(String) as string,
    });
    await runStore(['del', 'k\t', '--data', dir]);
    const { token } = JSON.parse(await json.line()) as { readonly token: string };
    await runStore(['put', 'k2', '1', '--data', dir]);
    const resumed = spawnFollowed(['watch', 'k', '--data', dir, '--since', token]);
    expect(await resumed.line()).toBe('put\there\tk2\t1');
    const closed = once(resumed.child, 'close');
    resumed.child.kill('SIGINT');
    expect(await closed).toEqual([130, null]);
    expect(resumed.stderr()).toMatch(/^store: To go on from here: store watch --since [\w-]+\n$/);
  });

  it('says that a node must run in the folder', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await runStore(['put', 'a', '1', '--data', dir]);
    const { code, stdout, stderr } = await runStore(['watch', '--data', dir]);
    expect({ code, stdout }).toStrictEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(`store: No node runs in ${dir}: \`store serve\` starts one.\n`);
  });

  it('ends when the node stops, and says so', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const node = await startServe(['--data', dir, '--log-level', 'silent']);
    const watching = spawnFollowed(['watch', '--json', '--data', dir]);
    await watching.line();
    const closed = once(watching.child, 'close');
    expect(await node.stop()).toBe(0);
    expect(await closed).toEqual([3, null]);
    expect(watching.stderr()).toMatch(/^store: The node stopped[^\n]+\n$/);
  });
});

describe('store serve --log-changes', () => {
  it('prints a line for each change that arrives', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const args = ['serve', '--log-changes', '--data', dir, '--port', '0', '--log-level', 'silent'];
    const serving = spawnFollowed(args);
    expect(await serving.line()).toMatch(/^ready: /);
    await runStore(['put', 'a', '1', '--data', dir]);
    expect(await serving.line()).toBe('put\there\ta\t1');
    await runStore(['del', 'a', '--data', dir]);
    expect(await serving.line()).toBe('del\there\ta');
    const closed = once(serving.child, 'close');
    serving.child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  });
});
