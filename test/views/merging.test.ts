/**
 * Counters, sets and documents on whole nodes in simulated time: three of them change the same ones while links break, and
 * nodes lose power and come back. In the end all show the same, and nothing that was acknowledged is missing.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { counterOf, setOf } from '../../src/index.ts';
import type { Node } from '../../src/node/api.ts';
import type { Machine } from '../../src/simulation/machine.ts';
import { World } from '../../src/simulation/world.ts';
import { UpdateLog } from '../../src/views/update-log.ts';
import { Doc } from 'yjs';

const NODES = 3;
const DAY_MS = 86_400_000;
const RUNS = 20;

type Step = readonly [
  action: 'count' | 'add' | 'delete' | 'write' | 'erase' | 'crash' | 'cut' | 'heal' | 'pass',
  node: number,
  amount: number,
];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom(
      ...(['count', 'count', 'add', 'delete', 'write', 'write', 'write'] as const),
      ...(['erase', 'crash', 'cut', 'heal', 'pass', 'pass'] as const),
    ),
    fc.nat(NODES - 1),
    fc.integer({ min: -5, max: 20 }),
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
);

/** Everybody who uses the cluster, and what was promised to them. */
class Users {
  readonly world: World;
  readonly documents = new Map<Machine, UpdateLog>();
  /** What the counter may come to: an addition that was not acknowledged may have been made, or not. */
  least = 0;
  most = 0;
  /** Written words that were acknowledged, and that nobody tried to erase. */
  readonly words = new Set<string>();
  readonly #erased = new Set<string>();
  #written = 0;
  #opened = 0;

  constructor(world: World) {
    this.world = world;
    world.onStarted.push((machine) => void this.#open(machine));
  }

  async take([action, number, amount]: Step): Promise<void> {
    const machine = this.world.machine(number);
    const other = this.world.machine((number + 1) % NODES);
    const node = machine.running?.node;
    if (action === 'crash') return this.#crash(machine);
    if (action === 'cut') this.world.network.cut(machine.name, other.name);
    else if (action === 'heal') this.world.network.healAll();
    else if (action === 'pass') await this.world.pass(100 * Math.abs(amount));
    else if (action === 'count' && node !== undefined) this.#count(node, amount);
    else if (action === 'add' && node !== undefined) ignored(setOf(node, 'set').add(`m${amount}`));
    else if (action === 'delete' && node !== undefined) ignored(setOf(node, 'set').delete(`m${amount}`));
    else if (action === 'write') this.#write(machine);
    else if (action === 'erase') this.#erase(machine);
    await this.world.pass(1);
  }

  #count(node: Node, amount: number): void {
    this.least += Math.min(0, amount);
    this.most += Math.max(0, amount);
    const acknowledged = (): void => {
      this.least += Math.max(0, amount);
      this.most += Math.min(0, amount);
    };
    counterOf(node, 'counter')
      .add(amount)
      .then(acknowledged, () => {});
  }

  #write(machine: Machine): void {
    const document = this.documents.get(machine);
    if (document === undefined) return;
    const word = `<${++this.#written}>`;
    const text = document.doc.getText('body');
    text.insert(text.length, word);
    document.saved().then(
      () => this.#erased.has(word) || this.words.add(word),
      () => {},
    );
  }

  #erase(machine: Machine): void {
    const text = this.documents.get(machine)?.doc.getText('body');
    const first = /^<\d+>/.exec(text?.toJSON() ?? '')?.[0];
    if (first === undefined) return;
    text?.delete(0, first.length);
    this.words.delete(first);
    this.#erased.add(first);
  }

  async #open(machine: Machine): Promise<void> {
    const { node } = machine.running as { node: Node };
    const document = new UpdateLog(new Doc(), {
      store: node,
      prefix: 'document/',
      random: this.world.random(`document ${this.#opened++}`),
      entriesMin: 3,
      onUnsaved: () => {},
    });
    await document.open();
    if (machine.running?.node === node) this.documents.set(machine, document);
  }

  async #crash(machine: Machine): Promise<void> {
    this.documents.delete(machine);
    await machine.crash(true);
    machine.start();
  }
}

/** Of a process that may end before it answers. */
function ignored(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

/** What comes of `promise` while time passes. */
async function inTime<T>(world: World, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  settled.catch(() => {});
  expect(await world.until(() => isSettled, 1, 60_000)).toBeDefined();
  return settled;
}

async function listed(members: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const member of members) list.push(member);
  return list;
}

test('whatever breaks in between, all nodes come to show the same, and all that was acknowledged', async () => {
  const hash64 = await createHash64();
  await fc.assert(
    fc.asyncProperty(fc.nat(), steps, async (seed, drawn) => {
      const world = new World({ seed, nodes: NODES, hash64, options: OPTIONS });
      const users = new Users(world);
      world.startAll();
      await world.pass(3000);
      for (const step of drawn) await users.take(step);
      world.network.healAll();
      await world.pass(60_000);

      const nodes = world.machines.map(({ running }) => running?.node as Node);
      const counts = await inTime(
        world,
        Promise.all(nodes.map((node) => counterOf(node, 'counter').value())),
      );
      const sets = await inTime(
        world,
        Promise.all(nodes.map((node) => listed(setOf(node, 'set').members()))),
      );
      const texts = world.machines.map((machine) =>
        users.documents.get(machine)?.doc.getText('body').toJSON(),
      );
      for (let node = 1; node < NODES; node++) {
        expect(counts[node]).toBe(counts[0]);
        expect(sets[node]).toEqual(sets[0]);
        expect(texts[node]).toBe(texts[0]);
      }
      expect(counts[0]).toBeGreaterThanOrEqual(users.least);
      expect(counts[0]).toBeLessThanOrEqual(users.most);
      for (const word of users.words) expect(texts[0]).toContain(word);
    }),
    { numRuns: RUNS },
  );
});

const OPTIONS = {
  gossipIntervalMs: 1000,
  gossipFanout: 2,
  tombstoneTtlMs: DAY_MS,
  maxDriftMs: 60_000,
  sessionTimeoutMs: 30_000,
  auditIntervalMs: DAY_MS,
  scrubIntervalMs: DAY_MS,
  dotCacheBytes: 65_536,
  chunkBytes: 1024,
};
