import { describe, expect, test, vi } from 'vitest';
import { brotli } from '../../src/adapters/brotli.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { asciiBytes } from '../../src/core/bytes.ts';
import type { FullRow } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { type Version, versionAt } from '../../src/core/version.ts';
import { ChunkPacker } from '../../src/gossip/chunk.ts';
import { packDots } from '../../src/gossip/comparison-lists.ts';
import type { Request } from '../../src/gossip/messages.ts';
import type { Chunk, Open, Opened } from '../../src/gossip/session-messages.ts';
import type { NewReply } from '../../src/gossip/pending-requests.ts';
import { packValue } from '../../src/adapters/value-codec.ts';
import { hello, HostilePeer } from '../support/hostile-peer.ts';
import { type Attacked, attackedNode } from '../support/undisturbed.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };
const SESSION = 'ab'.repeat(16);
const NOTHING = { count: 0, sum: 0n };
const BIRTH = versionAt(Date.now() - 60_000);
const ACTOR = makeActor('hostile' as NodeId, BIRTH, 1);
const STRANGER = makeActor('stranger' as NodeId, BIRTH, 2);

function above(offset: number): Version {
  return (BIRTH + offset) as Version;
}

function row(actor: Actor, received: Version): FullRow {
  const none = { cloud: NOTHING, cloudVersions: [], loose: NOTHING, predecessor: undefined };
  return { actor, received, closed: received, ...none };
}

function entry(offset: number, changes: Partial<Entry> = {}): Entry {
  const version = above(offset);
  const { key = asciiBytes(`lie ${offset}`) } = changes;
  const rest = { tombstone: false, value: packValue('a lie'), expiresAt: undefined };
  return { actor: ACTOR, version, first: version, last: version, ...rest, ...changes, key };
}

function chunkOf(entries: readonly Entry[], changes: Partial<Chunk> = {}): Chunk {
  const packer = new ChunkPacker();
  for (const one of entries) packer.add(one);
  return { entries: packer.finish(), plainBytes: 0, cursor: Uint8Array.of(1), last: true, ...changes };
}

type Lies = Partial<{
  opened: (request: Open) => Partial<Omit<Opened, 'type' | 'request'>>;
  next: () => Chunk;
  compared: (request: Request) => NewReply | undefined;
}>;

/** Says that it has seen what nobody else has, and serves it as `lies` have it. */
function liar({ opened, next, compared }: Lies): (request: Request) => NewReply | undefined {
  return (request) => {
    switch (request.type) {
      case 'summary':
        return {
          type: 'summary-reply',
          contextHash: 1n,
          fingerprint: { count: 1, sum: 1n },
          wallMs: Date.now(),
        };
      case 'recent':
        return { type: 'recent-reply', rows: [], restHash: 1n };
      // It does not add up, so that digests follow.
      case 'heads':
        return { type: 'heads-reply', rows: [], contextHash: 1n };
      case 'digest': {
        const { cloudVersions: _, ...plain } = row(ACTOR, above(1000));
        return { type: 'digest-reply', rows: [plain], lacking: [] };
      }
      case 'open':
        return {
          type: 'opened',
          session: SESSION,
          order: 'version',
          rows: request.rows.map((own) => (own.actor === ACTOR ? row(ACTOR, above(1000)) : own)),
          horizon: 0 as Version,
          bootstrapping: false,
          entries: 1,
          wallMs: Date.now(),
          chunk: chunkOf([entry(1)]),
          ...opened?.(request),
        };
      case 'next':
        return next === undefined ? undefined : { type: 'next-reply', chunk: next() };
      default:
        return compared?.(request);
    }
  };
}

async function attack(lies: Lies): Promise<Attacked & { readonly peer: HostilePeer }> {
  const attacked = await attackedNode();
  const peer = await HostilePeer.connect(attacked.node.address, false);
  peer.answers = liar(lies);
  peer.send(hello());
  return { ...attacked, peer };
}

const TWO = [entry(1), entry(2)];
const SQUEEZED = await brotli.compress(new Uint8Array(100_000));

describe('a server whose chunk breaks the protocol is hung up on, and nothing of it is taken:', () => {
  const chunks: readonly [string, () => Partial<Opened> | Chunk][] = [
    ['garbage', () => chunkOf([], { entries: Uint8Array.of(0xff, 1, 2, 3) })],
    ['versions out of order', () => chunkOf(TWO.toReversed())],
    ['a dot twice', () => chunkOf([entry(1), entry(1, { key: asciiBytes('other') })])],
    ['an entry of an actor that the session is not about', () => chunkOf([entry(1, { actor: STRANGER })])],
    ['a key that is not UTF-8', () => chunkOf([entry(1, { key: Uint8Array.of(0xed, 0xa0, 0x80) })])],
    ['a batch of more operations than there may be', () => chunkOf([entry(1, { last: above(20_000) })])],
    ['what unpacks to more than was said', () => chunkOf([], { entries: SQUEEZED, plainBytes: 1000 })],
    ['what does not unpack', () => chunkOf([], { entries: Uint8Array.of(1, 2, 3), plainBytes: 1000 })],
    ['what was not compressed', () => chunkOf(TWO, { plainBytes: 16 * 2 ** 20 })],
  ];

  test.each(chunks)('%s', async (_, chunk) => {
    const { node, peer, expectUndisturbed } = await attack({ opened: () => ({ chunk: chunk() as Chunk }) });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 1 });
    expect(await node.count({ prefix: 'lie' })).toBe(0);
    await expectUndisturbed();
  });

  test('rows of other actors than were asked for', async () => {
    const { node, peer, expectUndisturbed } = await attack({
      opened: () => ({ rows: [row(STRANGER, above(5))] }),
    });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 1 });
    await expectUndisturbed();
  });

  test('key order for a node that holds entries', async () => {
    const { node, peer, expectUndisturbed } = await attack({ opened: () => ({ order: 'key' }) });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 1 });
    await expectUndisturbed();
  });

  test('a chunk that goes back, after one that was stored: what is stored claims nothing', async () => {
    const { node, peer, expectUndisturbed } = await attack({
      opened: () => ({ chunk: chunkOf([entry(5)], { last: false }) }),
      next: () => chunkOf([entry(4)], { cursor: Uint8Array.of(2) }),
    });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 1 });
    expect(await node.count({ prefix: 'lie' })).toBe(1);
    expect((await node.status()).sessions).toMatchObject([{ peer: 'hostile', state: 'set-aside' }]);
    await expectUndisturbed();
  });

  test('a cursor that stands still', async () => {
    const { node, peer, expectUndisturbed } = await attack({
      opened: () => ({ chunk: chunkOf([entry(5)], { last: false }) }),
      next: () => chunkOf([], { last: false }),
    });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 1 });
    await expectUndisturbed();
  });
});

describe('a server whose clock, context or entries lie in the future brings nothing:', () => {
  const future = versionAt(Date.now() + 3_600_000);
  const cases: readonly [string, (request: Open) => Partial<Opened>][] = [
    ['its context', ({ rows }) => ({ rows: rows.map(({ actor }) => row(actor, future)) })],
    ['its horizon', () => ({ horizon: future })],
    ['an entry', () => ({ chunk: chunkOf([entry(1, { version: future, first: future, last: future })]) })],
  ];

  test.each(cases)('%s', async (_, opened) => {
    const { node, expectUndisturbed } = await attack({ opened });
    await vi.waitFor(async () => expect((await node.status()).sessionsRefused).toBe(1), PATIENCE);
    expect(await node.status()).toMatchObject({ malformedMessages: 0 });
    expect(await node.count({ prefix: 'lie' })).toBe(0);
    await expectUndisturbed();
  });
});

describe('a server that lies within the protocol disturbs nobody’s own writes:', () => {
  async function adopted(lies: Lies): Promise<Attacked & { readonly peer: HostilePeer }> {
    const attacked = await attack(lies);
    await attacked.peer.take('done');
    return attacked;
  }

  test('it claims that the node has written more than it has', async () => {
    const soon = versionAt(Date.now() + 30_000);
    const { node, expectUndisturbed } = await adopted({
      opened: ({ rows }) => ({
        rows: rows.map((own) => (own.actor.startsWith('honest+') ? own : row(own.actor, soon))),
      }),
    });
    await expectUndisturbed();
    expect(await node.verify({})).toMatchObject({ sound: true });
  });

  test('it has an entry under the name of the node that the node never wrote', async () => {
    const { node, expectUndisturbed } = await adopted({
      opened: ({ rows }) => {
        const own = rows.find(({ actor }) => actor.startsWith('attacked+')) as FullRow;
        const version = (own.received + 4096) as Version;
        const forged = entry(1, { actor: own.actor, version, first: version, last: version });
        return { chunk: chunkOf([forged]) };
      },
    });
    await expectUndisturbed();
    expect(await node.verify({})).toMatchObject({ sound: true });
  });

  test('its entries say of one batch that it ends here, and there', async () => {
    const { node, expectUndisturbed } = await adopted({
      opened: () => ({
        chunk: chunkOf([
          entry(1, { first: above(1), last: above(9) }),
          entry(2, { first: above(2), last: above(3) }),
          entry(3),
          entry(5, { first: above(4), last: above(10_003) }),
        ]),
      }),
    });
    expect(await node.count({ prefix: 'lie' })).toBe(4);
    await expectUndisturbed();
    expect(await node.verify({})).toMatchObject({ sound: true });
  });

  test('its snapshot is compared with, and its sums and lists are other ones each time', async () => {
    const { node, peer, expectUndisturbed } = await attack({
      // Late: a deletion may have been missed.
      opened: ({ rows }) => ({
        horizon: versionAt(Date.now()),
        rows: rows.map(({ actor }) => row(actor, versionAt(Date.now()))),
      }),
      compared(request) {
        switch (request.type) {
          case 'compare':
            return { type: 'compared' };
          case 'sums':
            return { type: 'sums-reply', sums: Array.from({ length: 16 * request.nodes.length }, () => 7n) };
          case 'list':
            return { type: 'list-reply', dots: packDots([entry(7), entry(8)]), last: true };
          case 'fetch':
            return { type: 'fetch-reply', count: 1, entries: chunkOf([entry(9)]).entries, plainBytes: 0 };
          default:
            return undefined;
        }
      },
    });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 1 });
    await expectUndisturbed();
    expect(await node.verify({})).toMatchObject({ sound: true });
  });

  test('it says that the node has lost entries', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const peer = await HostilePeer.connect(node.address);
    peer.send({ type: 'recent', request: 1, rows: [] });
    const { rows, restHash } = await peer.take('recent-reply');
    const fullRows = rows.map((one) => ({ ...row(one.actor, one.received), predecessor: one.predecessor }));
    const flags = { empty: false, compare: true, compress: false, wallMs: Date.now() };
    peer.send({ type: 'open', request: 2, rows: fullRows, restHash, ...flags });
    const { session } = await peer.take('opened');
    const own = rows.map(({ actor, received }) => ({ actor, version: received, key: asciiBytes('never') }));
    peer.send({ type: 'lost', session, dots: packDots(own) });
    peer.send({ type: 'lost', session, dots: packDots(own) });
    await expectUndisturbed();
    expect(await node.verify({})).toMatchObject({ sound: true });
  });
});
