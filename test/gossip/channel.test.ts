import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryNetwork } from '../../src/adapters/memory-transport.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { Channel, type ChannelEvents } from '../../src/gossip/channel.ts';
import { encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Hello } from '../../src/gossip/greeting-messages.ts';
import type { Message, Notice, Reply, Request, ViewMessage } from '../../src/gossip/messages.ts';
import { PROTOCOL_VERSION } from '../../src/gossip/protocol-version.ts';
import type { NewReply } from '../../src/gossip/pending-requests.ts';
import type { MemberMessage } from '../../src/membership/member-messages.ts';
import type { Connection } from '../../src/ports/transport.ts';

/** A request fails after so long without a byte, and at most half a second later. */
const TIMEOUT_MS = 2000;
const TIMEOUT_LATE_MS = 500;

const SUMMARY = { type: 'summary', contextHash: 1n, fingerprint: { count: 0, sum: 0n }, wallMs: 5 } as const;

function helloOf(nodeId: string): Hello {
  const settings = { tombstoneTtlMs: 1, maxDriftMs: 1 };
  const node = { clusterId: 'test', nodeId: nodeId as NodeId, bootNonce: 1, settings };
  const contact = { host: '', port: 0, seenHost: '', startedMs: 0 };
  return {
    type: 'hello',
    newestVersion: PROTOCOL_VERSION,
    oldestVersion: PROTOCOL_VERSION,
    ...node,
    contact,
  };
}

/** What a side was told, in order. */
class Told implements ChannelEvents {
  readonly events: string[] = [];
  answer: (request: Request) => ReturnType<ChannelEvents['onRequest']> = (request) => {
    if (request.type !== 'summary') return Promise.reject(new Error('a summary is expected'));
    return Promise.resolve({ ...SUMMARY, type: 'summary-reply', contextHash: request.contextHash + 1n });
  };
  whenGreeted: () => void = () => {};
  readonly onHello = ({ nodeId }: Hello): void => {
    this.events.push(`hello of ${nodeId}`);
    this.whenGreeted();
  };
  readonly onReject = ({ code }: { code: string }): void => void this.events.push(`reject ${code}`);
  readonly onMemberMessage = ({ type }: MemberMessage | ViewMessage): void => void this.events.push(type);
  readonly onNotice = ({ type, session }: Notice): void => void this.events.push(`${type} ${session}`);
  readonly onClose = (reason: string | undefined): void =>
    void this.events.push(`close: ${reason ?? 'no reason'}`);
  readonly onMalformed = (reason: string): void => void this.events.push(`malformed: ${reason}`);
  readonly onRequest: ChannelEvents['onRequest'] = (request) => {
    this.events.push(request.type);
    return this.answer(request);
  };
}

let clock: SimulatedClock;
let network: MemoryNetwork;
let dialled: Connection;
let accepted: Connection;

beforeEach(async () => {
  clock = new SimulatedClock();
  network = new MemoryNetwork();
  const accepting: Connection[] = [];
  await network.transport('b').listen('b:1', (connection) => void accepting.push(connection));
  dialled = await network.transport('a').dial('b:1');
  accepted = accepting[0] as Connection;
});

function channelPair(): { a: Channel; b: Channel; toldA: Told; toldB: Told } {
  const [toldA, toldB] = [new Told(), new Told()];
  const a = new Channel(dialled, packer, clock, toldA);
  const b = new Channel(accepted, packer, clock, toldB);
  a.start(helloOf('a'));
  b.start(helloOf('b'));
  return { a, b, toldA, toldB };
}

/** One side is a channel; what the other one sends is up to the test. */
function channelAndRaw(): { b: Channel; toldB: Told; send: (message: Message) => void; raw: Connection } {
  const toldB = new Told();
  const b = new Channel(accepted, packer, clock, toldB);
  b.start(helloOf('b'));
  dialled.start({ onMessage: () => {}, onClose: () => {} });
  return { b, toldB, send: (message) => void dialled.send(encodeMessage(message, packer)), raw: dialled };
}

/** A reply that is there once `answer` is called. */
function heldReply(): { reply: Promise<NewReply>; answer: () => void } {
  const held: { resolve?: (reply: NewReply) => void } = {};
  const reply = new Promise<NewReply>((resolve) => {
    held.resolve = resolve;
  });
  return { reply, answer: () => held.resolve?.({ ...SUMMARY, type: 'summary-reply' }) };
}

function outcome(reply: Promise<Reply>): Promise<string> {
  return reply.then(
    ({ type }) => type,
    (error: unknown) => (error instanceof BoatoError ? error.code : String(error)),
  );
}

describe('a channel', () => {
  test('says hello before anything else, even if the other side’s hello waits already', async () => {
    const [toldA, toldB] = [new Told(), new Told()];
    const a = new Channel(dialled, packer, clock, toldA);
    a.start(helloOf('a'));
    await settle();
    const b: Channel = new Channel(accepted, packer, clock, toldB);
    toldB.whenGreeted = () => void outcome(b.request(SUMMARY));
    b.start(helloOf('b'));
    await settle();
    expect(toldA.events).toEqual(['hello of b', 'summary']);
    expect(a.isOpen).toBe(true);
  });

  test('asks and answers in both directions at once', async () => {
    const { a, b, toldA, toldB } = channelPair();
    const replies = await Promise.all([
      a.request({ ...SUMMARY, contextHash: 10n }),
      b.request({ ...SUMMARY, contextHash: 20n }),
      a.request({ ...SUMMARY, contextHash: 30n }),
    ]);
    expect(replies.map((reply) => 'contextHash' in reply && reply.contextHash)).toEqual([11n, 21n, 31n]);
    expect(toldA.events).toEqual(['hello of b', 'summary']);
    expect(toldB.events).toEqual(['hello of a', 'summary', 'summary']);
  });

  test('gives each reply to its request, in whatever order they come', async () => {
    const { a, toldB } = channelPair();
    const answers: (() => void)[] = [];
    toldB.answer = (request) =>
      new Promise((resolve) => {
        answers.push(() =>
          resolve({ ...SUMMARY, type: 'summary-reply', contextHash: BigInt(request.request) }),
        );
      });
    const replies = Promise.all([a.request(SUMMARY), a.request(SUMMARY), a.request(SUMMARY)]);
    await settle();
    for (const answer of answers.toReversed()) answer();
    expect((await replies).map((reply) => 'contextHash' in reply && reply.contextHash)).toEqual([1n, 2n, 3n]);
  });

  test('answers with a failure when it cannot answer, without what is none of the other side’s business', async () => {
    const { a, b, toldB } = channelPair();
    toldB.answer = () => Promise.reject(new Error('/home/me/secret is unreadable'));
    const reply = await a.request(SUMMARY);
    expect(reply).toMatchObject({ type: 'failure', code: 'not-serving', reason: 'an error of the server' });
    expect(b.isOpen).toBe(true);
  });

  test('tells of what is not answered', async () => {
    const { a, toldB } = channelPair();
    a.notify({ type: 'done', session: 'ab'.repeat(16) });
    a.notify({ type: 'reject', code: 'cluster', reason: 'no' });
    await settle();
    expect(toldB.events).toEqual(['hello of a', `done ${'ab'.repeat(16)}`, 'reject cluster']);
  });
});

describe('a request fails', () => {
  test('after 2 s without a byte, and not before', async () => {
    const { a, toldB } = channelPair();
    toldB.answer = () => new Promise(() => {});
    await settle();
    let ended = '';
    void outcome(a.request(SUMMARY)).then((how) => (ended = how));
    await clock.advance(TIMEOUT_MS - 1);
    expect(ended).toBe('');
    await clock.advance(TIMEOUT_LATE_MS + 1);
    expect(ended).toBe('TIMEOUT');
    expect(a.isOpen).toBe(true);
  });

  test('but not while bytes of something else arrive', async () => {
    const { a, b, toldB } = channelPair();
    await settle();
    const { reply, answer } = heldReply();
    toldB.answer = () => reply;
    const slow = outcome(a.request(SUMMARY));
    for (let second = 0; second < 10; second++) {
      await clock.advance(1000);
      b.notify({ type: 'done', session: '00'.repeat(16) });
      await settle();
    }
    answer();
    expect(await slow).toBe('summary-reply');
  });

  test('though members go on telling each other: that is no progress', async () => {
    const { a, b, toldB } = channelPair();
    await settle();
    toldB.answer = () => new Promise(() => {});
    const failed = outcome(a.request(SUMMARY));
    for (let half = 0; half < 6; half++) {
      b.tell({ type: 'ack', sequence: 1, updates: [] });
      await clock.advance(500);
    }
    expect(await failed).toBe('TIMEOUT');
  });

  test('at once when the connection ends, and so do later ones', async () => {
    const { a, toldA, toldB } = channelPair();
    toldB.answer = () => new Promise(() => {});
    const waiting = outcome(a.request(SUMMARY));
    await settle();
    network.cut('a', 'b');
    expect(await waiting).toBe('PEER_UNREACHABLE');
    expect(await outcome(a.request(SUMMARY))).toBe('PEER_UNREACHABLE');
    expect(a.isOpen).toBe(false);
    expect(toldA.events).toEqual(['hello of b', 'close: the connection broke']);
  });

  test('and its reply, if it comes after all, is ignored', async () => {
    const { a, toldA, toldB } = channelPair();
    const { reply, answer } = heldReply();
    toldB.answer = () => reply;
    const late = outcome(a.request(SUMMARY));
    await clock.advance(TIMEOUT_MS + TIMEOUT_LATE_MS);
    expect(await late).toBe('TIMEOUT');
    answer();
    await settle();
    expect(a.isOpen).toBe(true);
    expect(toldA.events).toEqual(['hello of b']);
  });

  test('a connection on which nothing comes back any more is closed', async () => {
    const { a, toldB } = channelPair();
    toldB.answer = () => new Promise(() => {});
    await settle();
    for (let second = 0; second < 10 && a.isOpen; second++) {
      void outcome(a.request(SUMMARY));
      await clock.advance(1000);
    }
    expect(a.isOpen).toBe(false);
  });
});

test('messages of members that would wait for too many others to leave are lost', async () => {
  let leave: () => void = () => {};
  const left = new Promise<void>((resolve) => (leave = resolve));
  let sent = 0;
  const toldA = new Told();
  const crowded: Connection = {
    remote: 'b:1',
    bytesReceived: 0,
    bytesSent: 0,
    start: (events) => dialled.start(events),
    close: (reason) => dialled.close(reason),
    send: () => {
      sent++;
      return left;
    },
  };
  const a = new Channel(crowded, packer, clock, toldA);
  for (let sequence = 0; sequence < 100; sequence++) a.tell({ type: 'nack', sequence });
  expect(sent).toBe(64);
  leave();
  await settle();
  a.tell({ type: 'nack', sequence: 1 });
  expect(sent).toBe(65);
});

describe('a channel closes', () => {
  test.each<[string, Message[]]>([
    ['a request before the hello', [{ ...SUMMARY, request: 1 }]],
    ['a done before the hello', [{ type: 'done', session: '00'.repeat(16) }]],
    ['a reply before the hello', [{ ...SUMMARY, type: 'summary-reply', request: 1 }]],
    ['a second hello', [helloOf('a'), helloOf('a')]],
  ])('on %s', async (_, messages) => {
    const { b, toldB, send } = channelAndRaw();
    for (const message of messages) send(message);
    await settle();
    expect(b.isOpen).toBe(false);
    expect(toldB.events.filter((event) => event.startsWith('malformed'))).toHaveLength(1);
    expect(toldB.events.filter((event) => event.startsWith('close'))).toHaveLength(1);
  });

  test('on bytes that are no message, and looks at nothing that comes after them', async () => {
    const { b, toldB, send, raw } = channelAndRaw();
    send(helloOf('a'));
    void raw.send(Uint8Array.of(0xc1));
    send({ ...SUMMARY, request: 1 });
    await settle();
    expect(b.isOpen).toBe(false);
    expect(toldB.events.map((event) => event.split(':')[0])).toEqual(['hello of a', 'malformed', 'close']);
  });

  test('on more requests than a correct node ever has under way', async () => {
    const { b, toldB, send } = channelAndRaw();
    toldB.answer = () => new Promise(() => {});
    send(helloOf('a'));
    for (let request = 1; request <= 64; request++) send({ ...SUMMARY, request });
    await settle();
    expect(b.isOpen).toBe(true);
    send({ ...SUMMARY, request: 65 });
    await settle();
    expect(b.isOpen).toBe(false);
    expect(toldB.events.at(-2)).toBe('malformed: too many requests at once');
  });

  test('once, however often it is told to', async () => {
    const { a, toldA, toldB } = channelPair();
    await settle();
    a.close('enough');
    a.close('enough');
    await settle();
    expect(toldA.events).toEqual(['hello of b', 'close: enough']);
    expect(toldB.events).toEqual(['hello of a', 'close: the other side closed it']);
  });

  test('never because of many requests of its own: they wait for their turn', async () => {
    const { a, b } = channelPair();
    const replies = await Promise.all(Array.from({ length: 300 }, () => outcome(a.request(SUMMARY))));
    expect(new Set(replies)).toEqual(new Set(['summary-reply']));
    expect(b.isOpen).toBe(true);
  });
});
