import { describe, expect, onTestFinished, test } from 'vitest';
import { settle } from '../../src/adapters/simulated-clock.ts';
import { systemRandom } from '../../src/adapters/system-random.ts';
import type { Node } from '../../src/index.ts';
import type { Random } from '../../src/ports/random.ts';
import { contentsOf, temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';
import { type FaultyNodeOptions, logUntil, openFaultyNode } from './faulty-node.ts';

const DISK_FULL = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
const FENCED = { name: 'BoatoError', code: 'STORE_FENCED' };
const TAKES_WRITES = 'The store was opened again';

async function faultyNode(dir: string, failing: number, options: FaultyNodeOptions): Promise<Node> {
  const node = await openFaultyNode(dir, failing, DISK_FULL, options);
  onTestFinished(() => node.close());
  return node;
}

/** What `stopped` has come to by now. */
function stateOf({ stopped }: Node): Promise<unknown> {
  return Promise.race([stopped, Promise.resolve('runs')]);
}

describe('stopped', () => {
  test('settles with nothing when the node was closed, and not before', async () => {
    const node = await temporaryNode();
    await node.put('k', 1);
    await node.sync();
    expect(await stateOf(node)).toBe('runs');
    await node.close();
    expect(await node.stopped).toBeUndefined();
  });

  test('does not settle when a write fails: the node goes on', async () => {
    const dir = await temporaryDir();
    const { log, told } = logUntil(TAKES_WRITES);
    const node = await faultyNode(dir, 1, { log });
    await node.put('k', 'acknowledged');
    const refused = [node.put('k', 'refused'), node.put('l', 'refused'), node.del('k')];
    for (const outcome of await Promise.allSettled(refused)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { ...FENCED, cause: DISK_FULL } });
    }
    await told;
    await node.put('m', 'again');
    expect(await stateOf(node)).toBe('runs');
    await node.close();
    expect(await node.stopped).toBeUndefined();
    const store = await temporaryStore({ dir });
    expect(await contentsOf(store)).toEqual(
      new Map([
        ['k', 'acknowledged'],
        ['m', 'again'],
      ]),
    );
  });

  test('does not settle when what a peer sent cannot be written: both come to hold the same', async () => {
    const peer = await temporaryNode({ nodeId: 'peer' });
    await peer.put('k', 1);
    const { log, told } = logUntil(TAKES_WRITES);
    const node = await faultyNode(await temporaryDir(), 0, { peers: [peer.address], log });
    await told;
    await node.put('l', 2);
    // Until its entries are checked it takes nothing.
    while ((await node.status()).checking !== undefined) await settle(1);
    await node.sync({ wait: true });
    const status = await node.status();
    expect(status.warnings).toEqual([]);
    expect(await contentsOf(node)).toEqual(
      new Map([
        ['k', 1],
        ['l', 2],
      ]),
    );
    expect(await contentsOf(peer)).toEqual(await contentsOf(node));
    expect((await peer.status()).contextHash).toBe(status.contextHash);
  });

  test('settles with nothing when the node is closed before it could go on', async () => {
    const dir = await temporaryDir();
    const node = await openFaultyNode(dir, 0, DISK_FULL);
    await expect(node.put('k', 1)).rejects.toMatchObject(FENCED);
    await Promise.all([node.close(), node.close()]);
    expect(await node.stopped).toBeUndefined();
    await expect(node.get('k')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(await (await temporaryStore({ dir })).count()).toBe(0);
  });

  test('settles with the error when an invariant is broken again and again, and the folder is free then', async () => {
    const dir = await temporaryDir();
    let isBroken = false;
    const random: Random = {
      fraction: () => systemRandom.fraction(),
      uint32: () => {
        if (isBroken) throw new Error('a defect');
        return systemRandom.uint32();
      },
    };
    let settled: Error | undefined;
    let { log, told } = logUntil(TAKES_WRITES);
    const node = await faultyNode(dir, Number.POSITIVE_INFINITY, {
      random,
      log: { debug() {}, info: (...line) => log.info(...line), warn() {}, error() {} },
    });
    void node.stopped.then((error) => (settled = error));
    for (let round = 0; round < 3; round++) {
      isBroken = true;
      await expect(node.put('k', 1)).rejects.toMatchObject(FENCED);
      isBroken = false;
      await told;
      ({ log, told } = logUntil(TAKES_WRITES));
    }
    expect(settled).toBeUndefined();
    isBroken = true;
    await expect(node.put('k', 1)).rejects.toMatchObject(FENCED);
    expect(await node.stopped).toMatchObject({ ...FENCED, cause: { message: 'a defect' } });
    expect(await (await temporaryStore({ dir })).count()).toBe(0);
  });
});
