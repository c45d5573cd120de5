import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { birthOf } from '../../src/core/actor.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { ArrivedChunk, SessionOrder } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { indexedNames, presentNames } from '../support/dot-names.ts';
import { type ForgetfulStore, forgetfulStore } from '../support/forgetful-store.ts';
import { expectInvariants } from '../support/invariants.ts';
import { pull, readSession } from '../support/pull.ts';
import { del, openTestReplica, put } from '../support/replica-fixture.ts';

/** Two servers, and the node whose power fails. */
type Writer = 'a' | 'c' | 'own';
type Server = 'a' | 'c';

type Action =
  | { readonly do: 'del'; readonly by: Writer; readonly key: string }
  | { readonly do: 'put'; readonly by: Writer; readonly keys: readonly string[] }
  | { readonly do: 'chunk'; readonly from: Server; readonly order: SessionOrder }
  | { readonly do: 'exchange' | 'compact' };

interface Acknowledged {
  readonly entry: Entry;
  /** How many batches had been handed to the disk by then. */
  readonly batches: number;
}

class Run {
  readonly #clock: SimulatedClock;
  readonly servers: Readonly<Record<Server, StoredReplica>>;
  readonly #node: StoredReplica;
  readonly store: ForgetfulStore;
  readonly written: Entry[] = [];
  readonly acknowledged: Acknowledged[] = [];
  readonly #arriving = new Map<Server, ArrivedChunk[]>();
  #values = 0;

  private constructor(
    clock: SimulatedClock,
    servers: Run['servers'],
    node: StoredReplica,
    store: ForgetfulStore,
  ) {
    this.#clock = clock;
    this.servers = servers;
    this.#node = node;
    this.store = store;
  }

  static async begin(): Promise<Run> {
    const clock = new SimulatedClock();
    const a = await openTestReplica({ nodeId: 'a', clock });
    const c = await openTestReplica({ nodeId: 'c', clock });
    const store = await forgetfulStore();
    const node = await openTestReplica({ nodeId: 'b', clock, store });
    return new Run(clock, { a, c }, node, store);
  }

  async perform(action: Action): Promise<void> {
    await this.#clock.advance(1);
    switch (action.do) {
      case 'put':
        return this.#write(
          action.by,
          action.keys.map((key) => put(key, `v${this.#values++}`)),
        );
      case 'del':
        return this.#write(action.by, [del(action.key)]);
      case 'chunk':
        return this.#receive(action.from, action.order);
      case 'exchange':
        await pull(this.servers.a, this.servers.c);
        await pull(this.servers.c, this.servers.a);
        return;
      case 'compact':
        return this.#node.compact();
    }
  }

  /** The node's folder as the power loss left it. */
  async reopen(batches: number, survives: (batch: number) => boolean): Promise<StoredReplica> {
    const disk = await this.store.afterPowerLoss(batches, survives);
    return openTestReplica({ nodeId: 'b', clock: this.#clock, disk });
  }

  async #write(by: Writer, writes: readonly Write[]): Promise<void> {
    const replica = by === 'own' ? this.#node : this.servers[by];
    await replica.write(writes);
    const { batches } = this.store;
    for (const entry of await replica.getMany(writes.map(({ key }) => key))) {
      if (entry === undefined) throw new Error('what was written is present');
      this.written.push(entry);
      if (by === 'own') this.acknowledged.push({ entry, batches });
    }
  }

  /** The next message of a session, which begins if none is on its way; the last one ends in the adoption. */
  async #receive(from: Server, order: SessionOrder): Promise<void> {
    const server = this.servers[from];
    let chunks = this.#arriving.get(from);
    if (chunks === undefined) {
      const session = await readSession(
        this.#node,
        server,
        this.#node.state.all.count === 0 ? order : 'version',
        1,
      );
      chunks = [...session.chunks];
      this.#arriving.set(from, chunks);
    }
    const chunk = chunks.shift();
    if (chunk !== undefined) return this.#node.storeChunk(chunk);
    this.#arriving.delete(from);
    // Nobody collects here, so nobody is late.
    await this.#node.adopt(server.nodeId);
  }
}

const by = fc.constantFrom<Writer[]>('a', 'a', 'c', 'own');
const key = fc.constantFrom('k', 'l', 'm', 'n');
const keys = fc.uniqueArray(key, { minLength: 2, maxLength: 3 });
const order = fc.constantFrom<SessionOrder[]>('version', 'key');
const chunk = fc.record({
  do: fc.constant('chunk' as const),
  from: fc.constantFrom<Server[]>('a', 'a', 'c'),
  order,
});
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant('put' as const), by, keys: fc.tuple(key) }),
  fc.record({ do: fc.constant('put' as const), by, keys }),
  fc.record({ do: fc.constant('del' as const), by, key }),
  chunk,
  chunk,
  chunk,
  fc.constant({ do: 'exchange' as const }),
  fc.constant({ do: 'compact' as const }),
  fc.constant({ do: 'compact' as const }),
);

/** Chooses which of the unsynced batches survive; and after how many of all the power fails. */
const loss = fc.record({
  seed: fc.noShrink(fc.nat()),
  moment: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

describe('a power loss at any moment', () => {
  test('leaves every acknowledged write and nothing claimed that is not here, in a folder that opens sound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 10, maxLength: 40, size: 'max' }),
        loss,
        async (actions, { seed, moment }) => {
          const run = await Run.begin();
          for (const performed of actions) await run.perform(performed);
          const batches = Math.round(moment * run.store.batches);
          const random = createSeededRandom(seed);

          const reopened = await run.reopen(batches, () => random.fraction() < 0.5);

          expect(await reopened.check()).toBeUndefined();
          expect(reopened.notServing()).toBeUndefined();
          await expectInvariants(reopened, run.written);
          for (const { entry, batches: acknowledgedAt } of run.acknowledged) {
            if (acknowledgedAt > batches) continue;
            const received = reopened.row(entry.actor)?.received ?? 0;
            expect(received, 'an acknowledged write is in the context').toBeGreaterThanOrEqual(entry.version);
          }
          await expectToGoOn(reopened, run);
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  test('that loses the first of two foldings of the dot index leaves each entry listed once', async () => {
    const store = await forgetfulStore();
    const node = await openTestReplica({ nodeId: 'b', store });
    for (const name of ['k', 'l', 'm']) await node.write([put(name, '1')]);
    const written = store.batches;
    await node.compact();
    await node.write([put('k', '2')]);
    await node.compact();

    const disk = await store.afterPowerLoss(store.batches, (batch) => batch !== written);

    const reopened = await openTestReplica({ nodeId: 'b', disk });
    expect(await indexedNames(reopened)).toEqual(await presentNames(reopened));
  });

  test('while a node gives up its context leaves every entry, indexed, and no claim, once it has checked', async () => {
    const store = await forgetfulStore();
    const node = await openTestReplica({ nodeId: 'b', store });
    const server = await openTestReplica({ nodeId: 'a' });
    for (const name of ['k', 'l', 'm']) await server.write([put(name, '1')]);
    const { chunks } = await readSession(node, server, 'version', 1);
    for (const arrived of chunks.slice(0, 2)) await node.storeChunk(arrived);
    // What it replaces goes to the cloud.
    await node.write([put('k', '2'), put('n', '2')]);
    const before = await presentNames(node);
    const first = store.batches;
    await node.giveUp('a test wants it');

    for (let batches = first + 1; batches <= store.batches; batches++) {
      for (let lost = first; lost <= batches; lost++) {
        // Of the unsynced ones none or all, all but one, one.
        for (const survives of [
          () => lost > first,
          (batch: number) => batch !== lost,
          (batch: number) => batch === lost,
        ]) {
          const disk = await store.afterPowerLoss(batches, survives);
          const reopened = await openTestReplica({ nodeId: 'b', disk });
          await reopened.check();
          expect(await presentNames(reopened)).toEqual(before);
          expect(await indexedNames(reopened)).toEqual(before);
          for (const { actor, received } of reopened.rows()) expect(received).toBe(birthOf(actor));
          expect(reopened.counts).toMatchObject({ cloudDots: 0, looseDots: before.length });
        }
      }
    }
  });
});

/** What is on the disk serves for going on: the rest arrives, and the index lists each entry once. */
async function expectToGoOn(reopened: StoredReplica, { servers, written }: Run): Promise<void> {
  for (const server of [servers.a, servers.c]) {
    expect(await pull(reopened, server)).toBe('adopted');
    await expectInvariants(reopened, written);
  }
  expect(await indexedNames(reopened)).toEqual(await presentNames(reopened));
  await reopened.compact();
  expect(await indexedNames(reopened)).toEqual(await presentNames(reopened));
}
