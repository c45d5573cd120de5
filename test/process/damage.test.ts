/**
 * Each file of a node's folder, cut, flipped, emptied or removed, after a clean stop and after a kill: the node starts and
 * heals from its peer, or refuses and says what to do; `store verify` finds what is missing. What a kill has left of the log
 * cannot be told from a log that ends there: then its peers tell the node.
 */

import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoatoError, type Node, openNode, openStore, type Store } from '../../src/index.ts';
import { BALLAST_BYTES } from '../../src/node/ballast.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../support/temporary-folder.ts';

const STOPS = ['a clean stop', 'a kill'] as const;
type Stop = (typeof STOPS)[number];

const HARMS = {
  cut: async (path: string) => truncate(path, Math.floor((await readFile(path)).length / 2)),
  flipped: async (path: string) => {
    const bytes = await readFile(path);
    // Of a table a byte here and there, where values are that live; of others one.
    const [from, to] = path.endsWith('.ldb') ? [bytes.length / 5, bytes.length / 2] : [bytes.length / 2, 0];
    let at = Math.floor(from);
    do bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    while ((at += 200) < to);
    await writeFile(path, bytes);
  },
  emptied: (path: string) => truncate(path, 0),
  removed: (path: string) => rm(path, { recursive: true }),
} as const;

type Harm = keyof typeof HARMS;

/**
 * `refused`: it does not open, and says what to do. `found`: by `store verify`; it heals. `told`: by its peers only; it
 * heals. `harmless`: nothing is missing.
 */
type Outcome = 'refused' | 'found' | 'told' | 'harmless';

interface File {
  readonly name: string;
  readonly path: RegExp;
  readonly stops?: readonly Stop[];
  readonly harms?: readonly Harm[];
  readonly outcome: Outcome | ((harm: Harm, stop: Stop) => Outcome);
}

const FILES: readonly File[] = [
  {
    name: 'the log',
    path: /^db\/\d+\.log$/u,
    outcome: (harm, stop) => (stop === 'a kill' && ['cut', 'emptied'].includes(harm) ? 'told' : 'found'),
  },
  {
    name: 'a table',
    path: /^db\/\d+\.ldb$/u,
    // So small a table holds all: what is needed to open, too.
    outcome: (harm) => (harm === 'flipped' ? 'found' : 'refused'),
  },
  { name: 'the manifest', path: /^db\/MANIFEST-\d+$/u, outcome: 'refused' },
  { name: 'CURRENT', path: /^db\/CURRENT$/u, outcome: 'refused' },
  { name: 'the database', path: /^db$/u, harms: ['removed'], outcome: 'refused' },
  { name: 'LOCK', path: /^db\/LOCK$/u, outcome: 'harmless' },
  { name: 'the marker', path: /^initialized$/u, outcome: 'harmless' },
  { name: 'the note of the holder', path: /^holder\.json$/u, stops: ['a kill'], outcome: 'harmless' },
  { name: 'the note of the stop', path: /^stopped\.json$/u, stops: ['a clean stop'], outcome: 'harmless' },
  { name: 'the known members', path: /^members\.json$/u, stops: ['a clean stop'], outcome: 'harmless' },
  { name: 'the ballast', path: /^ballast$/u, harms: ['cut', 'emptied', 'removed'], outcome: 'harmless' },
];

const CASES = FILES.flatMap(({ name, path, stops = STOPS, harms, outcome }) =>
  stops.flatMap((stop) =>
    (harms ?? (Object.keys(HARMS) as Harm[])).map((harm) => {
      const expected = typeof outcome === 'string' ? outcome : outcome(harm, stop);
      return { name, path, harm, stop, expected };
    }),
  ),
);

const OPTIONS = { tombstoneTtlMs: 1, gossipIntervalMs: 20 } as const;

let root = '';
let peer: Node;
const folders: Record<Stop, string> = { 'a clean stop': '', 'a kill': '' };

beforeAll(async () => {
  root = await makeTemporaryFolder();
  peer = await openNode({ ...OPTIONS, dir: join(root, 'a'), nodeId: 'a' });
  const dir = join(root, 'b');
  const node = await openNode({ ...OPTIONS, dir, nodeId: 'b', peers: [peer.address] });
  await fill(node, 0);
  await node.compact();
  await fill(node, 50);
  // What a kill leaves: nothing is being written.
  folders['a kill'] = join(root, 'killed');
  await cp(dir, folders['a kill'], { recursive: true });
  await node.close();
  folders['a clean stop'] = dir;
  for (const folder of Object.values(folders)) {
    await writeFile(join(folder, 'ballast'), '');
    await truncate(join(folder, 'ballast'), BALLAST_BYTES);
  }
});

afterAll(async () => {
  await peer.close();
  await removeFolder(root);
});

/** Of several tables, a small one may hold only what was overwritten since. */
async function largest(dir: string, form: RegExp): Promise<string> {
  const names = (await readdir(dir, { recursive: true })).filter((name) => form.test(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size));
  return join(dir, names[sizes.indexOf(Math.max(...sizes))] ?? 'none');
}

async function fill(node: Node, from: number): Promise<void> {
  const numbers = Array.from({ length: 50 }, (_, at) => from + at);
  await Promise.all(
    numbers.map((at) => {
      // Nothing that can be compressed, so that it is known where in a table it is.
      const value = `${at} ${randomBytes(at % 10 === 1 ? 4000 : 250).toString('base64')}`;
      return (at % 2 === 0 ? node : peer).put(`${at % 5 === 0 ? 'deleted' : 'key'}/${at}`, value);
    }),
  );
  await both(node);
  for (const at of numbers.filter((number) => number % 5 === 0)) await node.del(`deleted/${at}`);
  await both(node);
  await Promise.all([node.collect(), peer.collect()]);
}

/** Until both have seen the same. */
async function both(node: Node): Promise<void> {
  for (;;) {
    await node.sync();
    const [mine, its] = await Promise.all([node.status(), peer.status()]);
    if (mine.contextHash === its.contextHash && mine.fingerprint === its.fingerprint) return;
  }
}

describe('of the folder of a node', () => {
  test.each(CASES)('$name, $harm after $stop, is $expected', async ({ path, harm, stop, expected }) => {
    const dir = join(await temporaryFolder(), 'b');
    await cp(folders[stop], dir, { recursive: true });
    await HARMS[harm](await largest(dir, path));
    const alone = `${dir}-alone`;
    await cp(dir, alone, { recursive: true });
    if (expected === 'refused') {
      for (let attempt = 0; attempt < 2; attempt++) await expectRefused(dir);
      return;
    }
    const whole = await peer.count();
    const store = await openStore({ dir: alone });
    const keys = await readableKeys(store);
    expect((await store.verify()).sound).toBe(expected !== 'found');
    expect(keys === whole).toBe(expected === 'harmless');
    await store.close();
    if (expected === 'found') await expectRepaired(alone);

    const log = new RecordingLog();
    await using node = await openNode({ ...OPTIONS, dir, peers: [peer.address], log });
    expect(node.nodeId).toBe('b');
    // What fits together on the face of it is found in the background.
    if (expected === 'found') await log.told('Healed');
    await both(node);
    expect([await node.count(), await peer.count()]).toEqual([whole, whole]);
    expect(await node.count({ prefix: 'deleted/' })).toBe(0);
    expect((await node.verify()).sound).toBe(true);
    const complaints = log.lines.filter((line) => /^(?:warn|error)/u.test(line));
    expect(complaints.length > 0).toBe(expected !== 'harmless');
  });
});

/** By commands, as it were. Where a part cannot be read, the first one asks for a copy of the rest. */
async function expectRepaired(dir: string): Promise<void> {
  const repaired = (await isRepaired(dir)) || (await isRepaired(dir));
  expect(repaired).toBe(true);
  await using store = await openStore({ dir });
  expect(await store.verify()).toMatchObject({ sound: true });
  await store.compact();
  await store.put('after', 'the repair');
}

async function isRepaired(dir: string): Promise<boolean> {
  await using store = await openStore({ dir });
  const { repair } = await store.verify({ repair: true });
  return repair?.sound === true;
}

async function readableKeys(store: Store): Promise<number> {
  let keys = 0;
  try {
    for await (const _ of store.entries()) keys++;
  } catch (error) {
    if (!(error instanceof BoatoError && error.code === 'RECORD_DAMAGED')) throw error;
  }
  return keys;
}

async function expectRefused(dir: string): Promise<void> {
  const error: unknown = await openStore({ dir }).then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  expect(error).toBeInstanceOf(BoatoError);
  expect(['STORE_UNREADABLE', 'STORE_MISSING', 'RECORD_DAMAGED']).toContain((error as BoatoError).code);
  expect((error as BoatoError).message).toMatch(
    /restore the folder, or empty it and let the peers fill it\.$/u,
  );
}
