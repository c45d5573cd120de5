/** `store join`, `members`, `leave` and `forget`, on processes. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runStore, type RunResult, type ServeProcess, spawnStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { printedMembers } from '../support/watched-node.ts';

async function start(folder: string, name: string, ...args: readonly string[]): Promise<ServeProcess> {
  const data = join(folder, name);
  return startServe(['--data', data, '--name', name, '--probe-interval', '200ms', ...args]);
}

test('nodes form a cluster, see one fail, forget it, and let one leave', async () => {
  const folder = await temporaryFolder();
  const of = (name: string): string[] => ['--data', join(folder, name)];
  const a = await start(folder, 'a');
  const b = await start(folder, 'b', '--peer', a.address);
  const c = await start(folder, 'c');
  const watching = spawnStore(['members', '--watch', '--json', ...of('a')]);
  let told = '';
  watching.stdout?.on('data', (piece: Buffer) => (told += piece.toString()));
  const hear = (part: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!told.includes(part)) return;
        watching.stdout?.off('data', look);
        resolve();
      };
      watching.stdout?.on('data', look);
      look();
    });
  await hear('"event":"members"');

  expect(await runStore(['join', a.address, ...of('c')])).toMatchObject({
    code: 0,
    stdout: `joined at ${a.address}\n`,
  });
  await hear('"event":"up","member":{"nodeId":"c"');
  expect(await printedMembers(join(folder, 'a'))).toEqual({ a: 'up', b: 'up', c: 'up' });
  expect(await runStore(['forget', 'b', ...of('a')])).toMatchObject({
    code: 3,
    stderr:
      'store: The member b is up, and would come back: stop it, or let it leave (`store leave`), first.\n',
  });

  await c.kill();
  await hear('"event":"suspect","member":{"nodeId":"c"');
  await hear('"event":"down","member":{"nodeId":"c"');
  expect(await runStore(['forget', 'c', ...of('a')])).toMatchObject({ code: 0, stdout: 'forgot c\n' });
  expect(await printedMembers(join(folder, 'a'))).toEqual({ a: 'up', b: 'up' });

  expect(await runStore(['forget', 'c', '--for-ever', ...of('a')])).toMatchObject({
    code: 3,
    stderr: 'store: This node knows no member "c", nor writes of it.\n',
  });

  expect(await runStore(['leave', ...of('b')])).toMatchObject({ code: 0, stdout: 'left, and stopped\n' });
  expect((await b.exited).code).toBe(0);
  await hear('"event":"left","member":{"nodeId":"b"');
  expect(await printedMembers(join(folder, 'a'))).toEqual({ a: 'up', b: 'left' });
  watching.kill('SIGINT');
  expect(await a.stop()).toBe(0);
});

test('commands about members say what is wrong, in one sentence each', async () => {
  const folder = await temporaryFolder();
  await start(folder, 'a', '--no-membership');
  const data = ['--data', join(folder, 'a')];
  const run = (...args: readonly string[]): Promise<RunResult> => runStore([...args, ...data]);
  expect(await run('members')).toMatchObject({
    code: 3,
    stderr: 'store: This node runs without membership (--no-membership): `store status` shows its peers.\n',
  });
  expect(await run('join', '127.0.0.1:1')).toMatchObject({
    code: 3,
    stdout: '',
    stderr:
      'store: Nobody was reached; the node goes on trying. 127.0.0.1:1: The peer at 127.0.0.1:1 cannot be reached: nothing listens there.\n',
  });
  expect(await run('join', 'a:b:c')).toMatchObject({ code: 2 });
  expect(await run('join', '127.0.0.1:01')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^store: ADDRESS takes HOST:PORT .*no leading zeros.*, not "127\.0\.0\.1:01"\.\n$/,
    ) as string,
  });
  expect(await run('forget', 'no name')).toMatchObject({ code: 2 });
  expect(await runStore(['members', '--data', join(folder, 'nowhere')])).toMatchObject({
    code: 3,
    stderr: `store: No node runs in ${join(folder, 'nowhere')}: \`store serve\` starts one.\n`,
  });
});
