import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import type { Version } from '../../src/core/version.ts';
import { Acknowledgements } from '../../src/gossip/acknowledgements.ts';
import { FEEDBACK } from '../../src/gossip/feedback.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Rumours } from '../../src/gossip/mongering-messages.ts';
import type { NewReply } from '../../src/gossip/pending-requests.ts';
import { type Mention, unpackNews } from '../../src/gossip/rumour-codec.ts';
import type { RumourOptions } from '../../src/gossip/rumour-mongering.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { Written } from '../../src/storage/write.ts';
import { GossipCluster, INTERVAL_MS, RUMOURS, type Sent, type TestNode } from '../support/gossip-fixture.ts';
import { type Mesh, startMesh } from '../support/mesh.ts';
import { put } from '../support/replica-fixture.ts';
import { ScriptedPeer } from '../support/scripted-peer.ts';

interface WritingMesh extends Omit<Mesh, 'first'> {
  /** The first of the nodes. */
  readonly writer: TestNode;
}

async function mesh(
  count: number,
  rumours: RumourOptions | 'off' = RUMOURS,
  diskOf: (host: string) => MemoryDisk = () => new MemoryDisk(),
): Promise<WritingMesh> {
  const telling = rumours === 'off' ? {} : { rumours };
  const { first: writer, ...others } = await startMesh(count, (host) => ({ disk: diskOf(host), ...telling }));
  return { ...others, writer };
}

interface Outcome {
  readonly heldBy: number;
  readonly afterMs: number;
}

/** Writes, and waits for so many peers. */
async function writeHeld(
  { cluster, writer }: Pick<WritingMesh, 'cluster' | 'writer'>,
  key: string,
  count: number,
  timeoutMs: number = 5000,
): Promise<Outcome> {
  const atMs = cluster.clock.monotonicMs();
  const written = await writer.replica.write([put(key, 'value')]);
  return held(writer, written, count, timeoutMs).then((heldBy) => ({
    heldBy,
    afterMs: cluster.clock.monotonicMs() - atMs,
  }));
}

function held(writer: TestNode, { actor, last }: Written, count: number, timeoutMs: number): Promise<number> {
  return writer.gossip.untilHeld({ actor, version: last }, count, timeoutMs);
}

/** Rumours that carry nothing, and only ask. */
const asks = (sent: readonly Sent[]): Sent[] =>
  sent.filter(
    ({ message }) => message !== 'malformed' && message.type === 'rumours' && message.steps.length === 0,
  );

describe('a write that waits for other nodes', () => {
  test('is over as soon as the first rumours were answered, and asks nobody', async () => {
    const { cluster, writer } = await mesh(4);
    const outcome = await cluster.finish(writeHeld({ cluster, writer }, 'a', 2));
    expect(outcome.heldBy).toBe(2);
    expect(outcome.afterMs).toBeLessThan(2 * RUMOURS.intervalMs);
    expect(asks(cluster.takeSent())).toStrictEqual([]);
    await cluster.stopAll();
  });

  test('hears of all of 15 peers within a round, though each rumour dies out', async () => {
    const { cluster, writer } = await mesh(16);
    const outcome = await cluster.finish(writeHeld({ cluster, writer }, 'a', 15));
    expect(outcome.heldBy).toBe(15);
    expect(outcome.afterMs).toBeLessThan(INTERVAL_MS);
    expect(asks(cluster.takeSent()).length).toBeLessThanOrEqual(15);
    await cluster.stopAll();
  });

  test('needs neither rumours nor a round: peers are asked, and pull', async () => {
    const { cluster, writer } = await mesh(3, 'off');
    const outcome = await cluster.finish(writeHeld({ cluster, writer }, 'a', 2));
    expect(outcome.heldBy).toBe(2);
    expect(outcome.afterMs).toBeLessThan(INTERVAL_MS / 4);
    expect(asks(cluster.takeSent())).toHaveLength(4);
    await cluster.stopAll();
  });

  test('does not depend on who pulls in rounds', async () => {
    for (const mode of ['push', 'pull'] as const) {
      const cluster = new GossipCluster();
      const writer = await cluster.start('n0', { mode });
      await cluster.start('n1', { mode, peers: ['n0'] });
      await cluster.pass(3 * INTERVAL_MS);
      const outcome = await cluster.finish(writeHeld({ cluster, writer }, 'a', 1));
      expect(outcome.heldBy).toBe(1);
      expect(outcome.afterMs).toBeLessThan(INTERVAL_MS / 4);
      await cluster.stopAll();
    }
  });

  test('shares what is asked with all that wait', async () => {
    const { cluster, writer } = await mesh(3, 'off');
    const outcomes = await cluster.finish(
      Promise.all(Array.from({ length: 200 }, (_, at) => writeHeld({ cluster, writer }, `key-${at}`, 2))),
    );
    expect(outcomes.every(({ heldBy }) => heldBy === 2)).toBe(true);
    expect(asks(cluster.takeSent())).toHaveLength(4);
    await cluster.stopAll();
  });

  test('is not overtaken by those behind it, however many follow', async () => {
    const { cluster, writer } = await mesh(3, 'off');
    const outcomes: Promise<Outcome>[] = [];
    for (let number = 0; number < 200; number++) {
      outcomes.push(writeHeld({ cluster, writer }, `key-${number}`, 2));
      await cluster.pass(3);
    }
    const longest = Math.max(...(await cluster.finish(Promise.all(outcomes))).map(({ afterMs }) => afterMs));
    expect(longest).toBeLessThan(INTERVAL_MS / 4);
    expect(asks(cluster.takeSent()).length).toBeLessThan(150);
    await cluster.stopAll();
  });

  test('is held by larger values, too, once they were pulled', async () => {
    const { cluster, writer } = await mesh(3);
    const written = await writer.replica.write([put('large', 'x'.repeat(20_000))]);
    expect(await cluster.finish(held(writer, written, 2, 5000), INTERVAL_MS / 2)).toBe(2);
    await cluster.stopAll();
  });

  test('says how many hold it when its time is over', async () => {
    const { cluster, writer } = await mesh(4);
    cluster.network.cut('n0', 'n3');
    const outcome = await cluster.finish(writeHeld({ cluster, writer }, 'a', 3, 3000));
    expect(outcome).toStrictEqual({ heldBy: 2, afterMs: 3000 });
    await cluster.stopAll();
  });

  test('counts a peer that comes back in time', async () => {
    const { cluster, writer } = await mesh(3);
    cluster.network.cut('n0', 'n2');
    const waiting = writeHeld({ cluster, writer }, 'a', 2, 60_000);
    await cluster.pass(5000);
    cluster.network.heal('n0', 'n2');
    expect((await cluster.finish(waiting, 60_000)).heldBy).toBe(2);
    await cluster.stopAll();
  });

  test('counts a peer once that was restarted, or comes back without its data', async () => {
    const { cluster, nodes, writer } = await mesh(3);
    cluster.network.cut('n0', 'n2');
    cluster.network.cut('n1', 'n2');
    const waiting = writeHeld({ cluster, writer }, 'a', 2, 20_000);
    await cluster.pass(1000);
    const disk = await cluster.stop(nodes[1] as TestNode);
    const again = await cluster.start('n1', { peers: ['n0'], disk, rumours: RUMOURS });
    await cluster.pass(3000);
    await cluster.stop(again);
    await cluster.start('n1', { peers: ['n0'], rumours: RUMOURS });
    const outcome = await cluster.finish(waiting, 60_000);
    expect(outcome).toStrictEqual({ heldBy: 1, afterMs: 20_000 });
    await cluster.stopAll();
  });

  test('does not count a peer before the write is on its disk, whether rumours or questions reach it', async () => {
    for (const rumours of [RUMOURS, 'off'] as const) {
      const disks = new Map([['n1', new HaltingDisk()]]);
      const { cluster, writer } = await mesh(2, rumours, (host) => disks.get(host) ?? new MemoryDisk());
      const disk = disks.get('n1') as HaltingDisk;
      disk.halt();
      const early = writeHeld({ cluster, writer }, 'a', 1, 900);
      expect((await cluster.finish(early)).heldBy).toBe(0);
      const late = writeHeld({ cluster, writer }, 'b', 1, 20_000);
      await cluster.pass(500);
      disk.goOn();
      expect((await cluster.finish(late)).heldBy).toBe(1);
      await cluster.stopAll();
    }
  });

  test('ends with what is known when the node stops', async () => {
    const { cluster, writer } = await mesh(2);
    const waiting = writeHeld({ cluster, writer }, 'a', 5, 60_000);
    await cluster.pass(200);
    await cluster.stop(writer);
    expect((await waiting).heldBy).toBe(1);
    await cluster.stopAll();
  });

  test('leaves nothing behind: nobody is asked when nothing waits any more', async () => {
    const { cluster, writer } = await mesh(3, 'off');
    await cluster.finish(writeHeld({ cluster, writer }, 'a', 5, 1500));
    cluster.takeSent();
    await cluster.pass(5000);
    expect(asks(cluster.takeSent())).toStrictEqual([]);
    await cluster.stopAll();
  });
});

interface Scripted extends Pick<WritingMesh, 'cluster' | 'writer'> {
  readonly peer: ScriptedPeer;
}

async function withPeer(version: number, rumours?: RumourOptions): Promise<Scripted> {
  const cluster = new GossipCluster();
  const writer = await cluster.start('n0', rumours === undefined ? {} : { rumours });
  return { cluster, writer, peer: await ScriptedPeer.dial(cluster, 'n0', version) };
}

const feedback = (...answers: (keyof typeof FEEDBACK)[]): NewReply => ({
  type: 'rumours-reply',
  feedback: Uint8Array.from(answers.map((answer) => FEEDBACK[answer])),
});

describe('a peer that is asked for a write', () => {
  const asksHeard = ({ heard }: ScriptedPeer): number =>
    heard.filter(({ type }) => type === 'rumours').length;

  test('counts if it answers that it holds the write, and not for any other answer', async () => {
    for (const [answer, heldBy] of [
      ['known', 1],
      ['news', 0],
      ['notHeld', 0],
    ] as const) {
      const { cluster, writer, peer } = await withPeer(2);
      peer.answer = ({ type }) => (type === 'rumours' ? feedback(answer) : undefined);
      expect(await cluster.finish(writeHeld({ cluster, writer }, 'a', 1, 500))).toMatchObject({ heldBy });
      expect(peer.isClosed).toBe(false);
      await cluster.stopAll();
    }
  });

  test.each<[string, NewReply | undefined]>([
    ['answers that it does not hold it', feedback('notHeld')],
    ['cannot answer', { type: 'failure', code: 'not-serving', reason: 'a test wants it' }],
    ['does not answer', undefined],
  ])('is asked again each second while it %s', async (_, first) => {
    const { cluster, writer, peer } = await withPeer(2);
    peer.answer = ({ type }) => {
      if (type !== 'rumours') return undefined;
      return asksHeard(peer) < 3 ? first : feedback('known');
    };
    const { heldBy, afterMs } = await cluster.finish(writeHeld({ cluster, writer }, 'a', 1));
    expect(heldBy).toBe(1);
    expect(Math.floor(afterMs / 1000)).toBe(2);
    expect(asksHeard(peer)).toBe(3);
    await cluster.stopAll();
  });

  test('is asked for it again before anything that was written since, and then for that', async () => {
    const { cluster, writer, peer } = await withPeer(2);
    const mentions: number[] = [];
    let isHeld = false;
    peer.answer = (request) => {
      if (request.type !== 'rumours') return undefined;
      mentions.push(...unpackNews(request, DEFAULT_LIMITS).mentions.map(({ version }) => version));
      return feedback(isHeld ? 'known' : 'notHeld');
    };
    const waits = [writeHeld({ cluster, writer }, 'a', 1)];
    await cluster.pass(500);
    waits.push(writeHeld({ cluster, writer }, 'b', 1));
    await cluster.pass(1000);
    isHeld = true;
    expect((await cluster.finish(Promise.all(waits))).map(({ heldBy }) => heldBy)).toEqual([1, 1]);
    const [first, later] = [mentions[0] as number, mentions.at(-1) as number];
    expect(later).toBeGreaterThan(first);
    expect(mentions).toEqual([first, first, first, later]);
    await cluster.stopAll();
  });

  test('breaks the protocol if it answers of more than it was asked', async () => {
    const { cluster, writer, peer } = await withPeer(2);
    peer.answer = ({ type }) => (type === 'rumours' ? feedback('known', 'known') : undefined);
    expect((await cluster.finish(writeHeld({ cluster, writer }, 'a', 1, 500))).heldBy).toBe(0);
    expect(peer.isClosed).toBe(true);
    await cluster.stopAll();
  });
});

const PEER = 'peer' as NodeId;
const ACTOR = makeActor('n0' as NodeId, 100 as Version, 1);
const EARLIER_RUN = makeActor('n0' as NodeId, 10 as Version, 1);
const DELAY_MS = 20;

function writeAt(version: number, actor: Actor = ACTOR): Mention {
  return { actor, version: version as Version };
}

interface Asking {
  readonly clock: SimulatedClock;
  readonly acknowledgements: Acknowledgements;
  /** Versions that the peer was asked for, by request. */
  readonly asked: number[][];
  readonly malformed: string[];
  /** What it answers to one mention. */
  answer: (mention: Mention) => keyof typeof FEEDBACK;
}

/** One peer, without a network between the two. */
function askingPeer(): Asking {
  const clock = new SimulatedClock();
  const link = {
    nodeId: PEER,
    protocolVersion: 2,
    channel: {
      closeMalformed: (reason: string) => void asking.malformed.push(reason),
      request: (request: Rumours) => {
        const { mentions } = unpackNews(request, DEFAULT_LIMITS);
        asking.asked.push(mentions.map(({ version }) => version));
        return Promise.resolve({
          ...feedback(...mentions.map((mention) => asking.answer(mention))),
          request: 1,
        });
      },
    },
  } as unknown as Link;
  const asking: Asking = {
    clock,
    acknowledgements: new Acknowledgements({
      links: () => [link],
      linkTo: () => link,
      clock,
      log: silentLog,
      delayMs: DELAY_MS,
    }),
    asked: [],
    malformed: [],
    answer: () => 'notHeld',
  };
  return asking;
}

describe('what a peer is asked', () => {
  test('is nothing while nothing waits, though it pulls, or connects', async () => {
    const { acknowledgements, asked, clock } = askingPeer();
    acknowledgements.pulled(PEER);
    acknowledgements.connected(PEER);
    await clock.advance(5000);
    expect(asked).toEqual([]);
  });

  test('is the same once more when it has pulled, and then not before a second is over', async () => {
    const { acknowledgements, asked, clock } = askingPeer();
    void acknowledgements.untilHeld(writeAt(105), 1, 60_000);
    await clock.advance(DELAY_MS);
    void acknowledgements.untilHeld(writeAt(110), 1, 60_000);
    for (let session = 0; session < 3; session++) acknowledgements.pulled(PEER);
    await clock.advance(999);
    expect(asked).toEqual([[105], [105]]);
    await clock.advance(1);
    expect(asked).toEqual([[105], [105], [105]]);
    for (let session = 0; session < 3; session++) acknowledgements.pulled(PEER);
    expect(asked).toHaveLength(4);
  });

  test('is the newest at once, if it has pulled before it was asked', () => {
    const { acknowledgements, asked } = askingPeer();
    for (const version of [105, 110]) void acknowledgements.untilHeld(writeAt(version), 1, 60_000);
    acknowledgements.pulled(PEER);
    expect(asked).toEqual([[110]]);
  });

  test('is the newest again, if it connects anew', async () => {
    const { acknowledgements, asked, clock } = askingPeer();
    void acknowledgements.untilHeld(writeAt(105), 1, 60_000);
    await clock.advance(DELAY_MS);
    void acknowledgements.untilHeld(writeAt(110), 1, 60_000);
    acknowledgements.connected(PEER);
    await clock.advance(DELAY_MS);
    expect(asked).toEqual([[105], [110]]);
  });

  test('is what came since, soon after it holds what it was asked for', async () => {
    const asking = askingPeer();
    const { acknowledgements, asked, clock } = asking;
    const waits = [acknowledgements.untilHeld(writeAt(105), 1, 60_000)];
    await clock.advance(DELAY_MS);
    waits.push(acknowledgements.untilHeld(writeAt(110), 1, 60_000));
    await clock.advance(DELAY_MS);
    asking.answer = () => 'known';
    acknowledgements.pulled(PEER);
    await clock.advance(DELAY_MS);
    expect(await Promise.all(waits)).toEqual([1, 1]);
    expect(asked).toEqual([[105], [105], [110]]);
  });

  test('is all of it again in a second, if it holds some; what it holds counts', async () => {
    const asking = askingPeer();
    const { acknowledgements, asked, clock } = asking;
    asking.answer = ({ actor }) => (actor === ACTOR ? 'known' : 'notHeld');
    void acknowledgements.untilHeld(writeAt(15, EARLIER_RUN), 1, 60_000);
    const heldBy = acknowledgements.untilHeld(writeAt(105), 1, 60_000);
    await clock.advance(1000);
    expect(await heldBy).toBe(1);
    expect(asked).toEqual([[15, 105]]);
    await clock.advance(DELAY_MS);
    expect(asked).toEqual([
      [15, 105],
      [15, 105],
    ]);
  });

  test('is nothing more once all waits are over, and goes on while one is not', async () => {
    const { acknowledgements, asked, clock } = askingPeer();
    const waits = [1500, 3500].map((ms) => acknowledgements.untilHeld(writeAt(105), 1, ms));
    await clock.advance(10_000);
    expect(await Promise.all(waits)).toEqual([0, 0]);
    expect(asked).toHaveLength(4);
  });
});

test('a write that enough peers hold already need not wait, nor does any when all is stopped', async () => {
  const asking = askingPeer();
  const { acknowledgements, clock } = asking;
  asking.answer = () => 'known';
  void acknowledgements.untilHeld(writeAt(105), 2, 60_000);
  await clock.advance(DELAY_MS);
  expect(await acknowledgements.untilHeld(writeAt(105), 1, 60_000)).toBe(1);
  acknowledgements.stop();
  expect(await acknowledgements.untilHeld(writeAt(110), 1, 60_000)).toBe(0);
});

test('a peer that cannot be asked keeps its connection', async () => {
  const asking = askingPeer();
  asking.answer = () => {
    throw new BoatoError('TIMEOUT', 'No byte came.');
  };
  void asking.acknowledgements.untilHeld(writeAt(105), 1, 60_000);
  await asking.clock.advance(DELAY_MS);
  expect(asking.asked).toHaveLength(1);
  expect(asking.malformed).toEqual([]);
});

describe('a peer of version 1', () => {
  test('counts where it answers to a rumour, since it does so once the write is on its disk', async () => {
    for (const answer of [0, 1]) {
      const { cluster, writer, peer } = await withPeer(1, RUMOURS);
      peer.answer = ({ type }) =>
        type === 'rumours' ? { type: 'rumours-reply', feedback: Uint8Array.of(answer) } : undefined;
      expect((await cluster.finish(writeHeld({ cluster, writer }, 'a', 1))).heldBy).toBe(1);
      await cluster.stopAll();
    }
  });

  test('does not count where it cannot take the rumour', async () => {
    const { cluster, writer, peer } = await withPeer(1, RUMOURS);
    peer.answer = ({ type }) =>
      type === 'rumours' ? { type: 'rumours-reply', feedback: Uint8Array.of(2) } : undefined;
    expect((await cluster.finish(writeHeld({ cluster, writer }, 'a', 1))).heldBy).toBe(0);
    await cluster.stopAll();
  });

  test('is not asked, since it would answer before the write is on its disk', async () => {
    const { cluster, writer, peer } = await withPeer(1);
    expect((await cluster.finish(writeHeld({ cluster, writer }, 'a', 1))).heldBy).toBe(0);
    expect(peer.heard.map(({ type }) => type)).not.toContain('rumours');
    await cluster.stopAll();
  });
});

/** Writes do not end while it is halted. */
class HaltingDisk extends MemoryDisk {
  #halted: Promise<void> = Promise.resolve();
  goOn: () => void = () => {};

  halt(): void {
    this.#halted = new Promise((resolve) => {
      this.goOn = resolve;
    });
  }

  override async open(): Promise<OrderedStore> {
    const store = await super.open();
    return {
      ...store,
      write: async (operations, options) => {
        await this.#halted;
        return store.write(operations, options);
      },
    };
  }
}
