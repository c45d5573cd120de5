/** Folders that were copied: while their node ran, and given back under its name; or to two nodes at once. */

import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Node, openNode } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);

const OPTIONS = { tombstoneTtlMs: 1, gossipIntervalMs: 20 } as const;

async function open(
  dir: string,
  options: Parameters<typeof openNode>[0] extends infer T ? Partial<T> : never,
): Promise<Node> {
  const node = await openNode({ ...OPTIONS, dir, ...options });
  onTestFinished(() => node.close());
  return node;
}

async function contentOf(node: Node): Promise<ReadonlyMap<string, unknown>> {
  const content = new Map<string, unknown>();
  for await (const { key, value } of node.entries()) content.set(key, value);
  return content;
}

/** Until all have seen the same. */
async function converge(...nodes: readonly Node[]): Promise<void> {
  for (;;) {
    await Promise.all(nodes.map((node) => node.sync()));
    const [first, ...others] = await Promise.all(nodes.map((node) => node.status()));
    if (others.every(({ contextHash }) => contextHash === first?.contextHash)) return;
  }
}

describe('a folder', () => {
  test('copied by `cp -r` while its node wrote, and given back under its name, loses and revives nothing', async () => {
    const folder = await temporaryFolder();
    const a = await open(join(folder, 'a'), { nodeId: 'a' });
    const b = await open(join(folder, 'b'), { nodeId: 'b', peers: [a.address] });
    const expected = new Map<string, unknown>();
    const put = async (key: string, value: string): Promise<void> => {
      await b.put(key, value);
      expected.set(key, value);
    };
    for (let at = 0; at < 50; at++) await put(`kept/${at}`, 'before');
    for (let at = 0; at < 20; at++) await put(`deleted/${at}`, 'before');
    const progress = { isCopied: false };
    const copied = run('cp', ['-r', join(folder, 'b'), join(folder, 'copy')]).then(
      () => (progress.isCopied = true),
    );
    for (let at = 0; !progress.isCopied; at++) await put(`during/${at}`, 'during');
    await copied;
    for (let at = 0; at < 20; at++) {
      await b.del(`deleted/${at}`);
      expected.delete(`deleted/${at}`);
    }
    for (let at = 0; at < 10; at++) await put(`kept/${at}`, 'after');
    await converge(a, b);
    await Promise.all([a.collect(), b.collect()]);
    await b.close();

    const again = await open(join(folder, 'copy'), { nodeId: 'b', peers: [a.address] });
    await again.put('written by the restored', 1);
    expected.set('written by the restored', 1);
    await converge(a, again);
    expect(await contentOf(again)).toEqual(expected);
    expect(await contentOf(a)).toEqual(expected);
    expect(await again.verify()).toMatchObject({ sound: true });
  });

  test('given to two nodes that run at once costs neither a write: the later one is refused until the first is gone', async () => {
    const folder = await temporaryFolder();
    const a = await open(join(folder, 'a'), { nodeId: 'a' });
    const b = await open(join(folder, 'b'), { nodeId: 'b', peers: [a.address] });
    await b.put('k', 'before');
    await b.del('deleted');
    await converge(a, b);
    await b.close();
    await cp(join(folder, 'b'), join(folder, 'twin'), { recursive: true });

    const one = await open(join(folder, 'b'), { peers: [a.address] });
    const two = await open(join(folder, 'twin'), { peers: [a.address, one.address] });
    const numbers = Array.from({ length: 20 }, (_, at) => at);
    await Promise.all(
      numbers.flatMap((at) => [
        one.put(`one/${at}`, 1),
        two.put(`two/${at}`, 2),
        one.put('k', 1),
        two.put('k', 2),
      ]),
    );
    await converge(a, one);
    const told = (await Promise.all([a, one, two].map((node) => node.status()))).flatMap(
      ({ warnings, peers }) => [
        ...warnings.map(({ code }) => code as string),
        ...peers.flatMap(({ lastError }) => lastError ?? []),
      ],
    );
    expect(told.join('\n')).toMatch(/SAME_NAME|two nodes have the name b/u);

    await one.close();
    await converge(a, two);
    const content = await contentOf(a);
    expect(content.size).toBe(41);
    expect(await contentOf(two)).toEqual(content);
    expect(await two.verify()).toMatchObject({ sound: true });
  });
});
