/** A cluster of ten processes: formed by one seed, half of it killed, two stopped and going on, one leaving. */

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ClusterClient } from '../../src/cli/cluster-client.ts';
import { SocketHttp } from '../../src/cli/socket-http.ts';
import type { MemberStatus } from '../../src/node/api.ts';
import { type ServeProcess, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] as const;

/** Follows what a node says of the others. */
class Observer {
  readonly statusByName = new Map<string, MemberStatus>();
  #wake = (): void => undefined;

  constructor(socket: string) {
    const http = new SocketHttp(socket, 'The node', 30_000);
    onTestFinished(() => http.close());
    void this.#follow(new ClusterClient(http)).catch(() => undefined);
  }

  /** Resolves as soon as it is so. */
  async sees(expected: Readonly<Record<string, MemberStatus>>): Promise<void> {
    while (!Object.entries(expected).every(([name, status]) => this.statusByName.get(name) === status))
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #follow(cluster: ClusterClient): Promise<void> {
    for await (const change of cluster.changes()) {
      const members = change.event === 'members' ? change.members : [change.member];
      for (const { nodeId, status } of members) this.statusByName.set(nodeId, status);
      this.#wake();
    }
  }
}

function all(names: readonly string[], status: MemberStatus): Record<string, MemberStatus> {
  return Object.fromEntries(names.map((name) => [name, status]));
}

test('ten nodes form by one seed; who is killed, is stopped, goes on, or leaves, is seen so by all that live', async () => {
  const folder = await temporaryFolder();
  const nodes = new Map<string, ServeProcess>();
  const start = async (name: string, ...args: readonly string[]): Promise<void> => {
    const data = join(folder, name);
    nodes.set(name, await startServe(['--data', data, '--name', name, '--probe-interval', '500ms', ...args]));
  };
  const node = (name: string): ServeProcess => nodes.get(name) as ServeProcess;
  await start('a');
  for (const name of NAMES.slice(1)) await start(name, '--peer', node('a').address);
  const observers = new Map(NAMES.map((name) => [name, new Observer(node(name).socket)]));
  const seenBy = (names: readonly (typeof NAMES)[number][], expected: Record<string, MemberStatus>) =>
    Promise.all(names.map((name) => (observers.get(name) as Observer).sees(expected)));
  await seenBy(NAMES, all(NAMES, 'up'));

  // The seed among them.
  const killed = ['a', 'c', 'e', 'g', 'i'] as const;
  const left = ['b', 'd', 'f', 'h', 'j'] as const;
  await Promise.all(killed.map((name) => node(name).kill()));
  await seenBy(left, { ...all(killed, 'down'), ...all(left, 'up') });

  for (const name of ['b', 'd']) process.kill(node(name).pid, 'SIGSTOP');
  await seenBy(['f', 'h', 'j'], all(['b', 'd'], 'down'));
  for (const name of ['b', 'd']) process.kill(node(name).pid, 'SIGCONT');
  await seenBy(left, all(left, 'up'));

  // By what it knew, at another port, with no seed.
  await start('c');
  await seenBy(left, { c: 'up' });

  const http = new SocketHttp(node('j').socket, 'The node', 30_000);
  await new ClusterClient(http).leave(undefined);
  http.close();
  await seenBy(['b', 'd', 'f', 'h'], { j: 'left' });
  expect((await node('j').exited).code).toBe(0);
}, 120_000);
