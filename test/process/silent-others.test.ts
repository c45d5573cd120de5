/** Others that are there and do not answer: stopped processes, connections that say nothing, readers that do not read. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type NodeStatus, openNode } from '../../src/index.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const OPTIONS = { gossipIntervalMs: 20 } as const;

describe('a node', { timeout: 60_000 }, () => {
  test('whose peer was stopped takes writes, says that it is silent, and is in step with it once it goes on', async () => {
    const folder = await temporaryFolder();
    const stopped = await startServe([
      '--data',
      join(folder, 'a'),
      '--name',
      'a',
      '--gossip-interval',
      '50ms',
    ]);
    const node = await openNode({
      ...OPTIONS,
      dir: join(folder, 'b'),
      nodeId: 'b',
      peers: [stopped.address],
    });
    onTestFinished(() => node.close());
    await node.put('before', 1);
    await node.sync({ wait: true });
    process.kill(stopped.pid, 'SIGSTOP');
    await node.put('while it was stopped', 1);
    // A stopped process still accepts connections: only that it does not answer tells.
    let status: NodeStatus;
    do {
      await node.sync().catch(() => undefined);
      status = await node.status();
    } while (!status.peers.some(({ state }) => state === 'silent' || state === 'disconnected'));
    expect(await node.get('while it was stopped')).toBe(1);
    process.kill(stopped.pid, 'SIGCONT');
    await node.sync({ wait: true });
    const got = await runStore(['get', 'while it was stopped', '--data', join(folder, 'a')]);
    expect(got.stdout).toBe('1\n');
    expect(await stopped.stop()).toBe(0);
  });

  test('with connections that say nothing, or half of something, serves its peers and stops', async () => {
    const folder = await temporaryFolder();
    const mute = createServer((socket) => socket.on('error', () => undefined));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    onTestFinished(() => void mute.close());
    const { port } = mute.address() as { readonly port: number };
    const log = new RecordingLog();
    const a = await openNode({
      ...OPTIONS,
      dir: join(folder, 'a'),
      nodeId: 'a',
      peers: [`127.0.0.1:${port}`],
      log,
    });
    const [host = '', ownPort] = a.address.split(':');
    const sockets: Socket[] = [];
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from([0, 0]),
      Buffer.from([0, 0, 1, 0, 1]),
      Buffer.alloc(5000, 0xff),
    ]) {
      const socket = connect(Number(ownPort), host)
        .on('error', () => undefined)
        .resume();
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(bytes);
    }
    const b = await openNode({ ...OPTIONS, dir: join(folder, 'b'), nodeId: 'b', peers: [a.address] });
    await Promise.all(Array.from({ length: 50 }, (_, at) => a.put(`key/${at}`, at)));
    while ((await b.count()) < 50) await b.sync();
    // Whoever has said no hello in time is cut off.
    await Promise.all(sockets.filter(({ destroyed }) => !destroyed).map((socket) => once(socket, 'close')));
    await b.close();
    await a.close();
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('whose export nobody reads on takes writes, and the reader gets the state of one moment in the end', async () => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'a');
    const node = await startServe(['--data', dir, '--name', 'a']);
    const lines = Array.from({ length: 1500 }, (_, at) =>
      JSON.stringify({ key: `key/${at}`, value: 'v'.repeat(10_000) }),
    );
    const imported = await runStore(['import', '-', '--data', dir], { input: `${lines.join('\n')}\n` });
    expect(imported).toMatchObject({ code: 0 });
    const socket = connect(node.socket);
    socket.write('GET /v1/export HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await once(socket, 'readable');
    // Far less than all of it fits between the two.
    for (let at = 0; at < 3; at++)
      expect(await runStore(['put', `late/${at}`, 'v', '--data', dir])).toMatchObject({ code: 0 });
    expect((await runStore(['del', 'key/1499', '--data', dir])).code).toBe(0);
    let keys = 0;
    let late = 0;
    for await (const line of createInterface({ input: socket })) {
      if (line.startsWith('{"key":"key/')) keys++;
      if (line.startsWith('{"key":"late/')) late++;
    }
    expect([keys, late]).toEqual([1500, 0]);
    expect(await node.stop()).toBe(0);
  });
});
