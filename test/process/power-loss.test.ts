/**
 * A real process writes; `strace` tells what reached its disk, and what of it was safe; power is lost at some of the moments
 * between two of its calls, and the folder is opened as it would be then. `npm run powerloss` tries more of them.
 */

import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BoatoError, type Node, openNode, openStore } from '../../src/index.ts';
import { Acknowledged } from '../support/disk/acknowledged.ts';
import { JournalledDisk } from '../support/disk/journalled-disk.ts';
import {
  canTrace,
  LIBRARY,
  losePower,
  lossesOf,
  startTraced,
  untraced,
} from '../support/disk/power-losses.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');

describe.skipIf(!canTrace)('a power loss', { timeout: 1_800_000 }, () => {
  test(`while a node opens, writes, collects and compacts leaves a sound store with all that was acknowledged${untraced}`, async () => {
    const dir = join(await temporaryFolder(), 'node');
    const traced = startTraced(dir, [join(FIXTURES, 'power-loss-writer.mjs'), dir, LIBRARY]);
    const events = await traced.events();
    const acknowledged = new Acknowledged();
    const failures = await losePower(
      new JournalledDisk(dir),
      dir,
      events,
      { ...lossesOf(40), firstPoints: 60 },
      acknowledged.hear,
      (left) => acknowledged.expectIn(left),
    );
    expect(acknowledged.keys).toBeGreaterThan(20);
    expect(failures).toEqual([]);
  });

  test(`while a node copies all from a peer leaves no claim to what is not there, and it goes on${untraced}`, async () => {
    const folder = await temporaryFolder();
    const peer = await openNode({
      dir: join(folder, 'a'),
      nodeId: 'a',
      tombstoneTtlMs: 1,
      gossipIntervalMs: 20,
    });
    onTestFinished(() => peer.close());
    const written = new Map<string, { readonly value: string; readonly token: string }>();
    const put = async (key: string, value: string): Promise<void> => {
      written.set(key, { value, token: (await peer.put(key, value)).token });
    };
    await Promise.all(Array.from({ length: 500 }, (_, at) => put(`k/${at}`, `first ${'v'.repeat(1500)}`)));

    const dir = join(folder, 'b');
    const traced = startTraced(dir, [join(FIXTURES, 'power-loss-puller.mjs'), dir, LIBRARY, peer.address]);
    for (let life = 0; life < 3; life++) {
      await once(traced.child.stdout as NodeJS.ReadableStream, 'data');
      await peer.sync({ wait: true });
      await Promise.all(Array.from({ length: 20 }, (_, at) => put(`k/${20 * life + at}`, `life ${life}`)));
      for (let at = 0; at < 5; at++) {
        await peer.del(`k/${100 + 10 * life + at}`);
        written.delete(`k/${100 + 10 * life + at}`);
      }
      await peer.sync({ wait: true });
      traced.child.stdin?.write('\n');
    }
    const events = await traced.events();
    await peer.collect();

    const failures = await losePower(
      new JournalledDisk(dir),
      dir,
      events,
      lossesOf(25),
      () => undefined,
      async (left) => {
        const log = new RecordingLog();
        // Alone at first, so that it shows what it claims.
        const options = { dir: left, nodeId: 'b', tombstoneTtlMs: 1, gossipIntervalMs: 20, log };
        const alone = await openNode(options);
        try {
          expect(await alone.verify()).toMatchObject({ sound: true, problems: [] });
          await expectClaims(alone, written);
        } finally {
          await alone.close();
        }
        const node = await openNode({ ...options, peers: [peer.address] });
        try {
          await expectSame(node, peer);
        } finally {
          await node.close();
        }
        expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
      },
    );
    expect(failures).toEqual([]);
  });

  test(`while a store copies what can be read of its database leaves one that has all of that${untraced}`, async () => {
    const dir = join(await temporaryFolder(), 'node');
    const made = await openStore({ dir, nodeId: 'a' });
    await Promise.all(
      Array.from({ length: 800 }, (_, at) => made.put(`key/${at}`, `${at} ${'v'.repeat(50)}`)),
    );
    await made.compact();
    await made.close();
    await damageTable(join(dir, 'db'));
    expect((await repaired(dir, 1)).sound).toBe(false);
    const disk = new JournalledDisk(dir);
    await disk.load();
    const traced = startTraced(dir, [join(FIXTURES, 'power-loss-opener.mjs'), dir, LIBRARY]);
    const events = await traced.events();
    const { keys } = await repaired(dir, 1);
    expect(keys).toBeGreaterThan(400);
    expect(keys).toBeLessThan(800);

    const failures = await losePower(
      disk,
      dir,
      events,
      lossesOf(20),
      () => undefined,
      async (left) => {
        expect(await repaired(left, 2)).toEqual({ sound: true, keys });
      },
    );
    expect(failures).toEqual([]);
  });
});

/** Bytes in the middle of the blocks of a table, where LevelDB cannot uncompress them. */
async function damageTable(database: string): Promise<void> {
  const name = (await readdir(database)).find((file) => file.endsWith('.ldb')) ?? 'none';
  const bytes = await readFile(join(database, name));
  const from = Math.floor(bytes.length / 5);
  for (let at = from; at < from + 600; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(join(database, name), bytes);
}

/** After so many commands, each of which opens the store and repairs it. */
async function repaired(
  dir: string,
  commands: number,
): Promise<{ readonly sound: boolean; readonly keys: number }> {
  let result = { sound: false, keys: 0 };
  for (let command = 0; command < commands && !result.sound; command++) {
    await using store = await openStore({ dir });
    const { sound, repair } = await store.verify({ repair: true });
    result = { sound: sound || repair?.sound === true, keys: 0 };
    if (!result.sound) continue;
    for await (const _ of store.entries()) result.keys++;
  }
  return result;
}

/** Where it says that it has seen a write, it has what was written. */
async function expectClaims(
  node: Node,
  written: ReadonlyMap<string, { readonly value: string; readonly token: string }>,
): Promise<void> {
  const wrong: string[] = [];
  await Promise.all(
    [...written].map(async ([key, { value, token }]) => {
      try {
        if ((await node.get(key, { after: token, timeoutMs: 1 })) !== value) wrong.push(key);
      } catch (error) {
        if (!(error instanceof BoatoError && error.code === 'TIMEOUT')) throw error;
      }
    }),
  );
  expect(wrong).toEqual([]);
}

async function expectSame(node: Node, peer: Node): Promise<void> {
  for (;;) {
    await node.sync();
    const [mine, its] = await Promise.all([node.status(), peer.status()]);
    if (mine.contextHash !== its.contextHash) continue;
    expect(mine.fingerprint).toBe(its.fingerprint);
    expect(await node.count()).toBe(await peer.count());
    return;
  }
}
