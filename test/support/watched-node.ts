/** A real node (`store serve`) whose members are watched through its socket from its start on. */

import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { SocketClient } from '../../src/cli/socket-client.ts';
import type { Member, MemberStatus } from '../../src/index.ts';
import { runStore, type RunOptions, type ServeProcess, startServe } from './run-store.ts';

/** A stopped process (SIGSTOP) is silent for as long as a test likes. */
const SILENCE_MS = 600_000;

/** How long what a test waits for may take on a machine that has much else to do. */
const PATIENCE = { timeout: 120_000, interval: 50 };

/** A quick detector and quick rounds, so that tests need not wait for long. */
const QUICK = ['--probe-interval', '100ms', '--gossip-interval', '100ms'];

/** Until `expectation` holds. */
export function eventually(expectation: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(expectation, PATIENCE);
}

export class WatchedNode {
  readonly name: string;
  readonly dir: string;
  readonly serve: ServeProcess;
  readonly client: SocketClient;
  /** `NAME STATUS` of each change of a member in turn; first of all members as they were when the watch began. */
  readonly changes: string[] = [];
  readonly #statusByName = new Map<string, MemberStatus>();

  private constructor(name: string, dir: string, serve: ServeProcess) {
    this.name = name;
    this.dir = dir;
    this.serve = serve;
    this.client = new SocketClient(serve, dir, SILENCE_MS);
    onTestFinished(() => this.client.close());
    // It ends with the node.
    void this.#watch().catch(() => undefined);
  }

  /** Its folder is `name` in `folder`. Later `args` win over what makes it quick. */
  static async start(
    folder: string,
    name: string,
    args: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<WatchedNode> {
    const dir = join(folder, name);
    const serve = await startServe(['--data', dir, '--name', name, ...QUICK, ...args], options);
    return new WatchedNode(name, dir, serve);
  }

  /** As the changes told them. Forgotten members stay. */
  get statuses(): Readonly<Record<string, MemberStatus>> {
    return Object.fromEntries(this.#statusByName);
  }

  /** As the node itself tells them now. */
  async members(): Promise<Readonly<Record<string, MemberStatus>>> {
    const members = await this.client.cluster.members();
    return Object.fromEntries(members.map(({ nodeId, status }) => [nodeId, status]));
  }

  /** Names of the peers to which there is a link, in order. */
  async linked(): Promise<readonly string[]> {
    const { peers } = await this.client.status();
    const linked = peers.filter(({ state }) => state === 'connected');
    return linked.flatMap(({ nodeId }) => nodeId ?? []).toSorted();
  }

  async put(key: string): Promise<void> {
    await this.client.put(key, `of ${this.name}`, {});
  }

  async #watch(): Promise<void> {
    for await (const change of this.client.cluster.changes()) {
      for (const { nodeId, status } of change.event === 'members' ? change.members : [change.member]) {
        this.#statusByName.set(nodeId, status);
        this.changes.push(`${nodeId} ${change.event === 'updated' ? 'updated' : status}`);
      }
    }
  }
}

/** All but the first know nothing but its address. `start`: with these further options. */
export async function formCluster<Name extends string>(
  names: readonly [Name, ...Name[]],
  start: (name: Name, ...args: readonly string[]) => Promise<WatchedNode>,
): Promise<Record<Name, WatchedNode>> {
  const [seedName, ...otherNames] = names;
  const seed = await start(seedName);
  const others = await Promise.all(otherNames.map((name) => start(name, '--peer', seed.serve.address)));
  const nodes = [seed, ...others];
  await expectStatus(nodes, names, 'up');
  return Object.fromEntries(nodes.map((node) => [node.name, node])) as Record<Name, WatchedNode>;
}

/** Until all of `nodes` have been told that all of `members` are so. */
export async function expectStatus(
  nodes: readonly WatchedNode[],
  members: readonly string[],
  status: MemberStatus,
): Promise<void> {
  const expected = Object.fromEntries(members.map((name) => [name, status]));
  for (const node of nodes) {
    await eventually(() => {
      const { statuses } = node;
      expect({ at: node.name, ...pick(statuses, members) }).toEqual({ at: node.name, ...expected });
    });
  }
}

/** Until all of `nodes` have seen the same, and hold so many keys. */
export async function expectSameKeys(nodes: readonly WatchedNode[], count: number): Promise<void> {
  await eventually(async () => {
    const held = await Promise.all(
      nodes.map(async ({ client }) => {
        const { contextHash } = await client.status();
        return `${await client.count('', {})} keys, ${contextHash}`;
      }),
    );
    const [first = ''] = held;
    expect(first).toContain(`${count} keys, `);
    expect(new Set(held)).toEqual(new Set([first]));
  });
}

/** What `store members --json` prints. */
export async function printedMembers(dir: string): Promise<Readonly<Record<string, MemberStatus>>> {
  const { stdout } = await runStore(['members', '--json', '--data', dir]);
  const { members } = JSON.parse(stdout) as { readonly members: readonly Member[] };
  return Object.fromEntries(members.map(({ nodeId, status }) => [nodeId, status]));
}

function pick<V>(
  values: Readonly<Record<string, V>>,
  names: readonly string[],
): Record<string, V | undefined> {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}
