/** Counters, sets and documents: what nodes show of them is compared with what was done, and with their disks. */

import { beforeEach, describe, expect, test } from 'vitest';
import { type Doc, encodeStateAsUpdate } from 'yjs';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import type { BatchOperation, Value } from '../../../src/index.ts';
import type { GossipingNode } from '../../../src/node/gossiping-node.ts';
import { checkAtEnd } from '../../../src/simulation/checker/at-end.ts';
import type { DiskState, PresentEntry } from '../../../src/simulation/checker/disk-state.ts';
import { contentOn } from '../../../src/simulation/checker/document-check.ts';
import { checkViews } from '../../../src/simulation/checker/views-at-end.ts';
import type { Machine } from '../../../src/simulation/machine.ts';
import { drawProfile } from '../../../src/simulation/profile.ts';
import { openScene, type Scene } from '../../../src/simulation/scene.ts';
import { streamOf } from '../../../src/simulation/streams.ts';
import { documentOn, note, type Noting } from '../../../src/simulation/workload/documents.ts';
import { ledgerStore } from '../../../src/simulation/workload/ledger-store.ts';
import { add, tag, view } from '../../../src/simulation/workload/views.ts';
import { World } from '../../../src/simulation/world.ts';

const hash64 = await createHash64();
const COUNTER = 'visits';

let scene: Scene;
let first: Machine;
let second: Machine;

beforeEach(async () => {
  const { options } = drawProfile('calm', streamOf(1, 'profile'));
  const world = new World({ seed: 1, nodes: 3, options, hash64 });
  scene = openScene(world, hash64);
  [first, second] = world.machines as [Machine, Machine];
  world.startAll();
  await world.pass(2000);
});

function adds(machine: Machine, ...amounts: number[]): Promise<void> {
  return scene.world.through(add(scene, machine, { kind: 'counting', counter: COUNTER, amounts }));
}

/** Something that was added after `adds`, and told to be on disk, as a user would say who was lied to. */
function claim(machine: Machine, amount: number): void {
  const own = [...scene.counterCheck.ownAdditions(machine, COUNTER)];
  scene.counterCheck.asked(machine, COUNTER, amount).dot = own[0]?.dot;
}

/** It starts again with an empty one, and is connected with all. */
async function loseDisk(machine: Machine): Promise<void> {
  await machine.crash(false);
  await scene.losses.beforeDiskLost(machine);
  await machine.wipe();
  machine.start();
  scene.world.network.healAll();
}

async function end(): Promise<void> {
  await checkAtEnd(scene, 20_000);
  await checkViews(scene);
  await scene.world.pass(2000);
}

describe('at the end', () => {
  test('all show what was added, and who is in the set', async () => {
    await adds(first, 5, -2);
    await adds(second, 40);
    await scene.world.through(tag(scene, first, { kind: 'tagging', member: 'red', isAddition: true }));
    await scene.world.through(tag(scene, second, { kind: 'tagging', member: 'red', isAddition: false }));
    await expect(end()).resolves.toBe(undefined);
    expect(scene.counted).toMatchObject({ additions: 3, tags: 2 });
  });

  test('an acknowledged addition that nobody shows breaks P4', async () => {
    await adds(first, 5);
    claim(first, 1);
    await expect(end()).rejects.toThrow('P4: a counter is 5, where what was added makes 6 to 6');
  });

  test('more than was added breaks P4', async () => {
    await adds(first, 5);
    claim(first, -1);
    await expect(end()).rejects.toThrow('P4: a counter is 5, where what was added makes 4 to 4');
  });

  test('an addition that was not acknowledged may be there or not, be it less or more', async () => {
    await adds(first, 5);
    scene.counterCheck.asked(first, COUNTER, 3);
    scene.counterCheck.asked(first, COUNTER, -4);
    await expect(end()).resolves.toBe(undefined);
  });

  test('what went with the only disk that had it is not missed; what another one has is', async () => {
    await adds(first, 5);
    await scene.world.pass(5000);
    scene.world.network.cut(first.name, second.name);
    scene.world.network.cut(first.name, 'n2');
    await adds(first, 7);
    await loseDisk(first);
    await expect(end()).resolves.toBe(undefined);
    await adds(second, 1);
    claim(second, 1);
    await expect(end()).rejects.toThrow('P4: a counter is 6, where what was added makes 7 to 14');
  });

  test('a member that is shown and is not on disk breaks P3', async () => {
    const before = scene.checker.stateOf(first);
    await scene.world.through(tag(scene, first, { kind: 'tagging', member: 'red', isAddition: true }));
    await expect(checkViews(scene)).resolves.toBe(undefined);
    await expect(checkViews(withDisk(before))).rejects.toThrow('P3: ["red"] is shown of what is [] on disk');
  });
});

/** The checker takes this for what is on the disks. */
function withDisk(state: DiskState | undefined): Scene {
  const checker = { stateOf: () => state, atEnd: () => Promise.resolve() };
  return { ...scene, checker: checker as unknown as Scene['checker'] };
}

function setApart(machine: Machine): void {
  for (const { name } of scene.world.machines)
    if (name !== machine.name) scene.world.network.cut(machine.name, name);
}

function entriesOn(machine: Machine): readonly PresentEntry[] {
  return [...(scene.checker.stateOf(machine)?.entryByKey.values() ?? [])];
}

function liveKeysOn(machine: Machine): readonly string[] {
  return entriesOn(machine)
    .filter(({ key, tombstone }) => key.startsWith('note/') && !tombstone)
    .map(({ key }) => key);
}

function put(key: string, value: Value): BatchOperation {
  return { type: 'put', key, value };
}

describe('a document', () => {
  const notes = (machine: Machine, step: Partial<Noting> = {}): Promise<void> =>
    scene.world.through(note(scene, machine, { kind: 'noting', erases: false, at: 1, ...step }));

  test('is shown with the words of all, but for those that were erased', async () => {
    await notes(first);
    await notes(second, { at: 0 });
    await notes(first);
    await scene.world.pass(3000);
    await notes(first, { erases: true, at: 0 });
    await expect(end()).resolves.toBe(undefined);
    expect(scene.counted).toMatchObject({ notes: 4 });
    expect(contentOn(entriesOn(second)).text).toMatch(/^<\d><\d>$/u);
  });

  test('without a word that was saved breaks P4', async () => {
    await notes(first);
    scene.documentCheck.saved('<77>', { machine: first, askedAtMs: scene.world.time.nowMs });
    await expect(end()).rejects.toThrow('P4: <77> was saved, and is not in the document');
  });

  test('that shows what is not on disk breaks P3', async () => {
    await notes(first);
    await end();
    const before = scene.checker.stateOf(first);
    await notes(first);
    await expect(end()).resolves.toBe(undefined);
    await expect(checkViews(withDisk(before))).rejects.toThrow(
      'P3: "<0><1>" is shown of what is "<0>" on disk',
    );
  });

  test('that is open may show more where something is lost that the rest builds on, but no less', async () => {
    for (let word = 0; word < 3; word++) await notes(first);
    await end();
    const state = scene.checker.stateOf(first) as DiskState;
    const all = [...state.entryByKey];
    const [, lost, hidden] = all.filter(([, { key }]) => key.startsWith('note/'));
    const without = (...gone: (typeof lost)[]): DiskState => {
      return { ...state, entryByKey: new Map(all.filter((entry) => !gone.includes(entry))) };
    };
    expect(contentOn(without(lost).entryByKey.values())).toMatchObject({ text: '<0>', isPending: true });
    await expect(checkViews(withDisk(without(lost)))).resolves.toBe(undefined);
    // Nothing is left that would build on it.
    await expect(checkViews(withDisk(without(lost, hidden)))).rejects.toThrow('P3');
    const document = await documentOn(scene, first);
    document?.doc.getText().delete(0, 3);
    await expect(checkViews(withDisk(without(lost)))).rejects.toThrow(
      'P3: "<1><2>" is shown of what is "<0>"',
    );
  });

  test('is held by each disk as it was, whatever of a session has arrived', async () => {
    const { world } = scene;
    for (let word = 0; word < 3; word++) await notes(second);
    await world.pass(5000);
    setApart(first);
    // So many that what deletes the others' words, and what holds them, could come one after the other.
    for (let word = 0; word < 100; word++) await notes(first);
    await world.pass(6000);
    world.network.healAll();
    await expect(end()).resolves.toBe(undefined);
  });

  /** `second` saves a word, and `first` puts it together, apart and without asking anybody, twice; much is between the two. */
  async function putTogetherAtOnce(): Promise<void> {
    await notes(second);
    await scene.world.pass(5000);
    setApart(first);
    const [saved] = liveKeysOn(first);
    const whole = encodeStateAsUpdate((await documentOn(scene, first))?.doc as Doc);
    const store = ledgerStore(scene, first, first.running?.node as GossipingNode);
    const steps = async (): Promise<void> => {
      await store.batch([put('note/x-0', whole), { type: 'del', key: saved as string }]);
      for (let other = 0; other < 10; other++) await store.put(`other-${other}`, `${other}`.repeat(1000));
      await store.batch([put('note/x-1', whole), { type: 'del', key: 'note/x-0' }]);
    };
    await scene.world.through(steps());
    await scene.world.pass(6000);
    scene.world.network.heal(first.name, second.name);
  }

  test('is not missed with what went with the only disk that had it', async () => {
    const { world } = scene;
    await notes(second);
    await world.pass(5000);
    setApart(first);
    await notes(first);
    await loseDisk(first);
    await expect(end()).resolves.toBe(undefined);
    expect(contentOn(entriesOn(first)).text).toBe('<0>');
  });

  test('of which nothing but deletions is left on a disk breaks P4', async () => {
    await putTogetherAtOnce();
    await expect(scene.world.pass(5000)).rejects.toThrow(
      'P4: <0> was saved here, and nothing that is here holds it (on n1, key note',
    );
  });

  test('of which a lost disk took along what was saved on another one breaks P4', async () => {
    const { world, checker } = scene;
    checker.onLooked = (machine) => {
      if (machine === second && liveKeysOn(second).length === 0) setApart(first);
    };
    await putTogetherAtOnce();
    await world.pass(5000);
    await loseDisk(first);
    await expect(end()).rejects.toThrow('P4: <0> was saved, and is not in the document');
  });

  test('is stored in the end, if it could not be at its time', async () => {
    await notes(first);
    const document = await documentOn(scene, first);
    first.disk.failure = { code: 'EIO', after: 0, isKept: false, openings: 0 };
    document?.doc.getText().insert(0, 'later');
    await end();
    expect(contentOn(entriesOn(second)).text).toBe('later<0>');
  });
});

describe('in between', () => {
  const looks = async (machine: Machine): Promise<void> => {
    await scene.world.through(view(scene, machine, { kind: 'viewing', counter: COUNTER }));
    await scene.world.pass(2000);
  };

  test('a node shows what it has added itself, and maybe what others have', async () => {
    await adds(first, 5);
    await adds(second, 40);
    await expect(looks(first)).resolves.toBe(undefined);
  });

  test('a node that does not show what it has added itself breaks P4', async () => {
    await adds(first, 5);
    claim(first, 1);
    await expect(looks(first)).rejects.toThrow('P4: a counter is 5, where what was added makes 6 to 6');
  });

  test('another node, or another run of it, need not know of that yet', async () => {
    await adds(first, 5);
    claim(first, 1);
    await expect(looks(second)).resolves.toBe(undefined);
    await scene.world.through(first.crash(false));
    first.start();
    await scene.world.pass(100);
    await expect(looks(first)).resolves.toBe(undefined);
  });
});
