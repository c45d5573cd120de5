/** Clusters of real processes on loopback: they form, and everybody sees who goes, who comes back, and who is gone for good. */

import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Member } from '../../src/index.ts';
import { runStore, spawnStore } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  eventually,
  expectSameKeys,
  expectStatus,
  formCluster,
  printedMembers,
  WatchedNode,
} from '../support/watched-node.ts';

/** A detector that notices nothing while a test runs: what is known comes by other ways. */
const BLIND = ['--probe-interval', '60s'];

function startCluster<Name extends string>(
  folder: string,
  names: readonly [Name, ...Name[]],
  args: readonly string[] = [],
): Promise<Record<Name, WatchedNode>> {
  return formCluster(names, (name, ...more) => WatchedNode.start(folder, name, [...args, ...more]));
}

function namesOf(nodes: readonly WatchedNode[]): string[] {
  return nodes.map(({ name }) => name);
}

/** What `store members --watch --json` prints of one member, in turn: `NAME EVENT`. */
function watchMembers(dir: string): string[] {
  const events: string[] = [];
  const child = spawnStore(['members', '--watch', '--json', '--data', dir]);
  onTestFinished(() => void child.kill('SIGKILL'));
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const { event, member } = JSON.parse(line) as { readonly event: string; readonly member?: Member };
    events.push(member === undefined ? event : `${member.nodeId} ${event}`);
  });
  return events;
}

describe('a cluster', { timeout: 180_000 }, () => {
  test('of ten forms by one seed; all see who is killed or stopped, and who is back, and hold in the end what was written', async () => {
    const folder = await temporaryFolder();
    const cluster = await startCluster(folder, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
    const { a, b, c, d, e, f, g, h, i, j } = cluster;
    await d.put('before');
    await expectSameKeys(Object.values(cluster), 1);
    // The seed is one of them.
    const [killed, stopped, left] = [
      [a, b, c, d, e],
      [f, g],
      [h, i, j],
    ];
    const gone = namesOf([...killed, ...stopped]);
    const watched = watchMembers(h.dir);
    await eventually(() => expect(watched).toEqual(['members']));

    for (const { serve } of stopped) process.kill(serve.pid, 'SIGSTOP');
    await Promise.all(killed.map(({ serve }) => serve.kill()));
    await expectStatus(left, gone, 'down');
    const seen = left.flatMap(({ changes }) => changes);
    // Nobody is given up who was not given time to object.
    for (const name of gone) expect(seen).toContain(`${name} suspect`);
    await eventually(() =>
      expect(watched).toEqual(expect.arrayContaining(gone.map((name) => `${name} down`))),
    );
    const down = Object.fromEntries(gone.map((name) => [name, 'down']));
    expect(await printedMembers(h.dir)).toMatchObject({ h: 'up', ...down });
    for (const node of left) await node.put(`without the others/${node.name}`);

    for (const { serve } of stopped) process.kill(serve.pid, 'SIGCONT');
    await expectStatus([...left, ...stopped], namesOf([...left, ...stopped]), 'up');
    await expectStatus(stopped, namesOf(killed), 'down');
    for (const node of stopped) await node.put(`after a stop/${node.name}`);

    const peer = ['--peer', h.serve.address];
    const back = await Promise.all(killed.map(({ name }) => WatchedNode.start(folder, name, peer)));
    const all = [...back, ...stopped, ...left];
    await expectStatus(all, namesOf(all), 'up');
    await eventually(() => expect(watched).toEqual(expect.arrayContaining(gone.map((name) => `${name} up`))));
    for (const node of back) await node.put(`after a kill/${node.name}`);
    await expectSameKeys(all, 1 + all.length);
  });

  test('knows at once who leaves, and does not look for it; it is back as soon as it is started', async () => {
    const folder = await temporaryFolder();
    const { a, b, c, d } = await startCluster(folder, ['a', 'b', 'c', 'd'], BLIND);
    // It tells those to which it has a link.
    await eventually(async () => expect(await d.linked()).toEqual(['a', 'b', 'c']));
    const left = await runStore(['leave', '--timeout', '60s', '--data', d.dir]);
    // The command comes back when all others have said that they know.
    for (const node of [a, b, c]) expect(await node.members()).toMatchObject({ d: 'left' });
    expect(left).toMatchObject({ code: 0, stdout: 'left, and stopped\n' });
    expect(await d.serve.exited).toMatchObject({ code: 0 });
    await expectStatus([a, b, c], ['d'], 'left');
    for (const { changes, client } of [a, b, c]) {
      expect(changes).not.toContain('d down');
      const { peers } = await client.status();
      expect(peers.map(({ nodeId }) => nodeId)).not.toContain('d');
    }

    const again = await WatchedNode.start(folder, 'd', [...BLIND, '--peer', a.serve.address]);
    await expectStatus([a, b, c, again], ['a', 'b', 'c', 'd'], 'up');
    await again.put('k');
    await expectSameKeys([a, b, c, again], 1);
  });

  test('forgets on all nodes who is forgotten on one, and a node that has not heard of it does not bring it back', async () => {
    const folder = await temporaryFolder();
    const { a, b, away, lost } = await startCluster(folder, ['a', 'b', 'away', 'lost']);
    // It has on its disk that the other one is up.
    expect(await away.serve.stop()).toBe(0);
    await lost.serve.kill();
    await expectStatus([a, b], ['lost'], 'down');
    expect(await runStore(['forget', 'lost', '--data', a.dir])).toMatchObject({ code: 0 });
    await eventually(async () => expect(await b.members()).not.toHaveProperty('lost'));

    const back = await WatchedNode.start(folder, 'away');
    await expectStatus([a, b, back], ['a', 'b', 'away'], 'up');
    await eventually(async () => expect(await back.members()).not.toHaveProperty('lost'));
    for (const node of [a, b, back])
      expect(Object.keys(await node.members()).toSorted()).toEqual(['a', 'away', 'b']);
  });

  test('knows a node that is started anew under its name at its new address, before anybody took it for down', async () => {
    const folder = await temporaryFolder();
    const { a, b, c } = await startCluster(folder, ['a', 'b', 'c'], BLIND);
    await c.serve.kill();
    const again = await WatchedNode.start(folder, 'c', [...BLIND, '--peer', a.serve.address]);
    const { address } = again.serve;
    expect(address).not.toBe(c.serve.address);
    for (const { client, changes } of [a, b]) {
      await eventually(async () => {
        const members = await client.cluster.members();
        expect(members).toContainEqual(expect.objectContaining({ nodeId: 'c', status: 'up', address }));
      });
      expect(changes).not.toContain('c down');
    }
    await again.put('k');
    await expectSameKeys([a, b, again], 1);
  });
});
