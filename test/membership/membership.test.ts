import { beforeEach, describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { MemberMessage } from '../../src/membership/member-messages.ts';
import type { Update } from '../../src/membership/member.ts';
import { Membership, type MembershipDependencies } from '../../src/membership/membership.ts';
import { DEFAULT_MEMBERSHIP, type MembershipOptions } from '../../src/membership/options.ts';

const SELF = 'm' as NodeId;
const [A, B, C, D] = ['a', 'b', 'c', 'd'] as [NodeId, NodeId, NodeId, NodeId];
const FACTS = { address: 'm:7000', version: '1.0.0', protocolVersion: 2, metadata: new Uint8Array(0) };
const INTERVAL_MS = 1000;

type Sent = MemberMessage & { readonly to: NodeId };

let clock: SimulatedClock;
let sent: Sent[];
let unlinked: Set<NodeId>;
let events: string[];
let kept: number;
let member: Membership;

beforeEach(() => {
  clock = new SimulatedClock();
  sent = [];
  unlinked = new Set();
  events = [];
  kept = 0;
  member = begin();
});

function begin(
  options: Partial<MembershipOptions> = {},
  dependencies: Partial<MembershipDependencies> = {},
): Membership {
  return new Membership(
    {
      nodeId: SELF,
      facts: FACTS,
      clock,
      random: createSeededRandom(1),
      network: {
        isLinked: (to) => !unlinked.has(to),
        send: (to, message) => {
          if (!unlinked.has(to)) sent.push({ ...message, to });
        },
      },
      onEvent: ({ type, member: of }) => void events.push(`${type} ${of.nodeId}`),
      onRecords: () => void kept++,
      ...dependencies,
    },
    { ...DEFAULT_MEMBERSHIP, ...options },
  );
}

function recordOf(nodeId: NodeId, of: Partial<Update> = {}): Update {
  return { ...FACTS, address: `${nodeId}:7000`, nodeId, incarnation: 10, status: 'up', ageMs: 0, ...of };
}

/** `from` tells along with a ping. */
function tell(from: NodeId, ...updates: Update[]): void {
  member.receive(from, { type: 'ping', sequence: 1, updates });
}

/** What was sent since this was asked last, of one type. */
function taken<T extends MemberMessage['type']>(type: T): Extract<Sent, { type: T }>[] {
  const some = sent.filter((message): message is Extract<Sent, { type: T }> => message.type === type);
  sent = [];
  return some;
}

/** What this node tells of a member, with its next answer. */
function toldOf(nodeId: NodeId, to: NodeId = D): Update | undefined {
  sent = [];
  tell(to);
  return taken('ack')[0]?.updates.find((update) => update.nodeId === nodeId);
}

const ownIncarnation = (): number => member.members()[0]?.incarnation ?? 0;

describe('what a member hears of another', () => {
  test('is told as an event once, however often it is heard', () => {
    for (const from of [B, C]) {
      tell(from, recordOf(A));
      tell(from, recordOf(A, { status: 'suspect', accuser: B }));
      tell(from, recordOf(A, { status: 'down' }));
      tell(from, recordOf(A, { incarnation: 11 }));
      tell(from, recordOf(A, { incarnation: 11, status: 'left' }));
    }
    expect(events).toEqual(['up a', 'suspect a', 'down a', 'up a', 'left a']);
  });

  test('is an update if its address, version or metadata are others, and no event if only its incarnation is', () => {
    tell(B, recordOf(A), recordOf(A, { incarnation: 11 }));
    tell(B, recordOf(A, { incarnation: 12, address: 'a:7001' }));
    tell(B, recordOf(A, { incarnation: 13, address: 'a:7001', version: '1.1.0' }));
    tell(
      B,
      recordOf(A, { incarnation: 14, address: 'a:7001', version: '1.1.0', metadata: Uint8Array.of(1) }),
    );
    expect(events).toEqual(['up a', 'updated a', 'updated a', 'updated a']);
    expect(member.member(A)).toMatchObject({ address: 'a:7001', version: '1.1.0', incarnation: 14 });
  });

  test('is no event if it was gone before this node heard of it', () => {
    tell(
      B,
      recordOf(A, { status: 'down', ageMs: 5 }),
      recordOf(C, { status: 'left' }),
      recordOf(D, { status: 'forgotten' }),
    );
    expect(events).toEqual([]);
    expect(member.members().map(({ nodeId, status }) => `${status} ${nodeId}`)).toEqual([
      'up m',
      'down a',
      'left c',
    ]);
  });

  test('is that it leaves, if it is forgotten while it takes part', () => {
    tell(B, recordOf(A), recordOf(A, { status: 'forgotten' }));
    expect(events).toEqual(['up a', 'left a']);
    expect(member.member(A)).toBeUndefined();
  });

  test('is kept, and says so', () => {
    tell(B, recordOf(A), recordOf(A));
    expect(kept).toBe(1);
    expect(member.told.records().map(({ nodeId }) => nodeId)).toEqual([A, SELF]);
  });

  test('is told on', () => {
    tell(B, recordOf(A, { status: 'suspect', accuser: C }));
    expect(toldOf(A)).toMatchObject({ status: 'suspect', incarnation: 10, accuser: C });
  });

  test('comes with its age, which grows', async () => {
    tell(B, recordOf(A, { status: 'down', ageMs: 5000 }));
    await clock.advance(2000);
    expect(toldOf(A)?.ageMs).toBe(7000);
    expect(member.member(A)?.statusAgeMs).toBe(7000);
  });
});

describe('a member that hears of itself', () => {
  test.each(['suspect', 'down', 'left', 'forgotten'] as const)(
    'that it is %s, refutes with a higher incarnation',
    (status) => {
      const incarnation = ownIncarnation() + 5;
      tell(B, { ...recordOf(SELF, FACTS), incarnation, status, accuser: A });
      expect(toldOf(SELF)).toMatchObject({ status: 'up', incarnation: incarnation + 1 });
    },
  );

  test('what is so, or was before, says nothing', () => {
    const own = ownIncarnation();
    tell(B, { ...recordOf(SELF, FACTS), incarnation: own });
    tell(B, { ...recordOf(SELF, FACTS), incarnation: own - 1, status: 'down' });
    expect([ownIncarnation(), member.localHealth]).toEqual([own, 0]);
  });

  test('with another address, as it had it in an earlier life, goes above it', () => {
    const own = ownIncarnation();
    tell(B, { ...recordOf(SELF, FACTS), incarnation: own, address: 'elsewhere:1' });
    expect(ownIncarnation()).toBe(own + 1);
  });

  test('as it is, under a later incarnation that an earlier life of it had, goes above it', () => {
    const later = ownIncarnation() + 5;
    tell(B, { ...recordOf(SELF, FACTS), incarnation: later });
    expect([ownIncarnation(), member.localHealth]).toEqual([later + 1, 0]);
  });

  test.each([
    ['suspect', 1],
    ['down', 1],
    ['left', 0],
    ['forgotten', 0],
  ] as const)('that it is %s, which it is not, trusts itself less by %d', (status, by) => {
    tell(B, { ...recordOf(SELF, FACTS), incarnation: ownIncarnation(), status, accuser: A });
    expect(member.localHealth).toBe(by);
  });

  test('under the largest incarnation there is, cannot refute, but says nothing that would be malformed', () => {
    tell(B, { ...recordOf(SELF, FACTS), incarnation: Number.MAX_SAFE_INTEGER, status: 'down' });
    expect(ownIncarnation()).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('begins with the milliseconds of its wall clock', () => {
    expect(ownIncarnation()).toBe(clock.wallMs());
  });
});

describe('a suspect', () => {
  beforeEach(() => {
    tell(B, recordOf(A), recordOf(B), recordOf(C), recordOf(D));
    tell(B, recordOf(A, { status: 'suspect', accuser: B }));
    events = [];
  });

  test('is down when its time is over', async () => {
    await clock.advance(29_900);
    expect(events).toEqual([]);
    await clock.advance(200);
    expect(events).toEqual(['down a']);
  });

  test('that is down is confirmed by nobody any more', async () => {
    await clock.advance(30_000);
    while (toldOf(A) !== undefined);
    tell(C, recordOf(A, { status: 'suspect', accuser: C }));
    expect([member.member(A)?.status, toldOf(A)]).toEqual(['down', undefined]);
  });

  test('is down sooner when others came to the same independently', async () => {
    for (const accuser of [B, C, D]) tell(C, recordOf(A, { status: 'suspect', accuser }));
    await clock.advance(13_000);
    // Two confirmations of three: min + (max - min) * (1 - ln 3 / ln 4) = 10.2 s.
    expect(events).toEqual(['down a']);
  });

  test('that is confirmed later has what is left of its time since it was accused first', async () => {
    await clock.advance(10_000);
    tell(C, recordOf(A, { status: 'suspect', accuser: C }));
    // One confirmation of three: 17.5 s.
    await clock.advance(7400);
    expect(events).toEqual([]);
    await clock.advance(200);
    expect(events).toEqual(['down a']);
  });

  test('is down at once when a confirmation says that it had time enough', async () => {
    await clock.advance(20_000);
    tell(C, recordOf(A, { status: 'suspect', accuser: C }));
    await clock.advance(1);
    expect(events).toEqual(['down a']);
  });

  test('of a later incarnation has all of its time to refute, whatever was left of the time before', async () => {
    await clock.advance(20_000);
    tell(C, recordOf(A, { incarnation: 11, status: 'suspect', accuser: B }));
    await clock.advance(29_900);
    expect(events).toEqual([]);
    await clock.advance(200);
    expect(events).toEqual(['down a']);
  });

  test('is not confirmed by what was said of an earlier incarnation', async () => {
    tell(C, recordOf(A, { incarnation: 11, status: 'suspect', accuser: B }));
    for (const accuser of [C, D]) tell(C, recordOf(A, { status: 'suspect', accuser }));
    await clock.advance(29_000);
    expect(events).toEqual([]);
  });

  test('is not confirmed by those who take it for up still', async () => {
    for (const teller of [C, D]) tell(teller, recordOf(A));
    await clock.advance(29_900);
    expect(events).toEqual([]);
  });

  test('that is confirmed is told on again, with who confirmed it', () => {
    while (toldOf(A) !== undefined);
    tell(C, recordOf(A, { status: 'suspect', accuser: B }));
    expect(toldOf(A)).toBeUndefined();
    tell(C, recordOf(A, { status: 'suspect', accuser: C }));
    expect(toldOf(A)?.accuser).toBe(C);
  });

  test('is up when it refutes, and stays so', async () => {
    tell(C, recordOf(A, { incarnation: 11 }));
    await clock.advance(60_000);
    expect(events).toEqual(['up a']);
  });

  test('is accused of what it refuted by nobody who is late', async () => {
    tell(C, recordOf(A, { incarnation: 11 }), recordOf(A, { status: 'suspect', accuser: C }));
    expect(member.member(A)?.status).toBe('up');
  });

  test('is told so first, with every message, until it refutes (buddy system)', () => {
    while (toldOf(A) !== undefined);
    for (let time = 0; time < 3; time++) expect(toldOf(A, A)?.status).toBe('suspect');
    tell(C, recordOf(A, { incarnation: 11 }));
    while (toldOf(A) !== undefined);
    expect(toldOf(A, A)).toBeUndefined();
  });
});

test.each(['down', 'left', 'forgotten'] as const)(
  'whoever is %s and speaks all the same, is told so',
  (status) => {
    tell(B, recordOf(A), recordOf(A, { status }));
    while (toldOf(A) !== undefined);
    expect(toldOf(A, A)?.status).toBe(status);
  },
);

describe('a probe', () => {
  /** The first one, at the moment when it is sent. */
  const probed = async (...others: NodeId[]): Promise<Extract<Sent, { type: 'ping' }>> => {
    tell(A, ...[A, ...others].map((nodeId) => recordOf(nodeId)));
    for (const from of [A, ...others]) tell(from);
    member.start();
    sent = [];
    for (;;) {
      await clock.advance(1);
      const [ping] = taken('ping');
      if (ping !== undefined) return ping;
    }
  };

  test('that is answered measures how long that takes', async () => {
    const { sequence, to } = await probed();
    await clock.advance(20);
    member.receive(to, { type: 'ack', sequence, updates: [] });
    // It was sent within the millisecond before.
    expect(Math.floor(member.member(A)?.roundTripMs ?? 0)).toBe(20);
    expect(member.member(A)?.heardAgeMs).toBe(0);
  });

  test('that is answered again, or through a helper, measures nothing', async () => {
    const { sequence, to } = await probed(B, C);
    await clock.advance(INTERVAL_MS / 2);
    const [request] = taken('ping-request');
    member.receive(request?.to as NodeId, { type: 'ack', sequence, updates: [] });
    member.receive(to, { type: 'ack', sequence, updates: [] });
    for (const nodeId of [A, B, C]) expect(member.member(nodeId)?.roundTripMs).toBeUndefined();
  });

  test('that is answered in time asks nobody else', async () => {
    const { sequence, to } = await probed(B, C);
    await clock.advance(20);
    member.receive(to, { type: 'ack', sequence, updates: [] });
    await clock.advance(INTERVAL_MS - 30);
    expect(taken('ping-request')).toEqual([]);
  });

  test('that is answered makes the prober trust itself more again', async () => {
    tell(B, { ...recordOf(SELF, FACTS), incarnation: ownIncarnation(), status: 'suspect', accuser: B });
    const { sequence, to } = await probed();
    member.receive(to, { type: 'ack', sequence, updates: [] });
    await clock.advance(2 * INTERVAL_MS);
    expect(member.localHealth).toBe(0);
  });

  test('gives helpers what is left of the interval', async () => {
    await probed(B, C);
    await clock.advance(INTERVAL_MS / 2);
    expect(taken('ping-request').map(({ timeoutMs }) => timeoutMs)).toEqual([500, 500]);
  });

  test('that is not answered in time asks three others, that are up', async () => {
    const others = [B, C, D, 'e', 'f'] as NodeId[];
    const { to, sequence } = await probed(...others);
    const suspect = others.find((nodeId) => nodeId !== to) as NodeId;
    tell(A, recordOf(suspect, { status: 'suspect', accuser: A }));
    await clock.advance(INTERVAL_MS / 2);
    const asked = taken('ping-request');
    expect(asked).toHaveLength(3);
    expect(asked.every((request) => request.target === to && request.sequence === sequence)).toBe(true);
    expect(new Set(asked.map((request) => request.to)).size).toBe(3);
    expect(asked.map((request) => request.to)).not.toContain(to);
    expect(asked.map((request) => request.to)).not.toContain(suspect);
  });

  test('asks those others with whom there is a link, however few', async () => {
    const others = Array.from({ length: 15 }, (_, at) => `n${at}` as NodeId);
    const { to } = await probed(...others);
    const linked = others.find((nodeId) => nodeId !== to) as NodeId;
    unlinked = new Set([A, ...others].filter((nodeId) => nodeId !== linked));
    await clock.advance(INTERVAL_MS / 2);
    expect(taken('ping-request').map((request) => request.to)).toEqual([linked]);
  });

  test('comes first at a random moment of the interval: members that start together do not probe together', async () => {
    const others = Array.from({ length: 20 }, (_, seed) => begin({}, { random: createSeededRandom(seed) }));
    for (const other of others) {
      other.receive(A, { type: 'ping', sequence: 1, updates: [recordOf(A)] });
      other.start();
    }
    sent = [];
    const tenths: number[] = [];
    for (let tenth = 0; tenth < 10; tenth++) {
      await clock.advance(INTERVAL_MS / 10);
      tenths.push(taken('ping').length);
    }
    expect(tenths.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(tenths.filter((count) => count > 0).length).toBeGreaterThan(5);
    for (const other of others) other.stop();
  });

  test.each(['the member itself', 'a helper'])(
    'that %s answers late, but within the interval, has not failed',
    async (who) => {
      const { to, sequence } = await probed(B, C);
      await clock.advance(INTERVAL_MS / 2);
      const [request] = taken('ping-request');
      const from = who === 'a helper' ? (request?.to as NodeId) : to;
      member.receive(from, { type: 'ack', sequence, updates: [] });
      await clock.advance(INTERVAL_MS);
      expect(events.filter((event) => event === `suspect ${to}`)).toEqual([]);
    },
  );

  test.each([
    ['by one who was not asked', 'z' as NodeId, 0],
    ['under another number', A, 7],
  ])('that is answered %s, is not', async (_, from, offset) => {
    const { sequence } = await probed();
    member.receive(from, { type: 'ack', sequence: sequence + offset, updates: [] });
    await clock.advance(INTERVAL_MS);
    expect(events).toContain('suspect a');
  });

  test('that fails says nothing of a member that was restarted meanwhile', async () => {
    const { to } = await probed();
    tell(to, recordOf(to, { incarnation: 11 }));
    await clock.advance(INTERVAL_MS);
    expect(events).toEqual(['up a']);
    // The prober finds itself ill by one, and takes twice as long.
    await clock.advance(2 * INTERVAL_MS);
    expect(events).toEqual(['up a', 'suspect a']);
  });

  test('that fails is the fault of the prober, as far as helpers say nothing either', async () => {
    const { sequence } = await probed(B, C, D);
    await clock.advance(INTERVAL_MS / 2);
    const helpers = taken('ping-request').map(({ to }) => to);
    member.receive(helpers[0] as NodeId, { type: 'nack', sequence });
    member.receive(helpers[0] as NodeId, { type: 'nack', sequence });
    await clock.advance(INTERVAL_MS / 2 + 1);
    expect(member.localHealth).toBe(2);
  });

  test('that fails where nobody can help is the fault of the prober', async () => {
    await probed();
    await clock.advance(INTERVAL_MS);
    expect(member.localHealth).toBe(1);
  });

  test('has nothing from helpers that answer to another one, or when it is over', async () => {
    const { sequence } = await probed(B, C, D);
    await clock.advance(INTERVAL_MS / 2);
    for (const { to } of taken('ping-request')) member.receive(to, { type: 'nack', sequence: sequence + 1 });
    await clock.advance(INTERVAL_MS / 2 + 1);
    expect(member.localHealth).toBe(3);
    member.stop();
    for (const from of [A, B, C, D]) member.receive(from, { type: 'nack', sequence });
    expect(member.localHealth).toBe(3);
  });

  test('that fails though all helpers are well, says nothing of the prober', async () => {
    const { sequence, to } = await probed(B, C, D);
    await clock.advance(INTERVAL_MS / 2);
    for (const request of taken('ping-request')) member.receive(request.to, { type: 'nack', sequence });
    await clock.advance(INTERVAL_MS / 2 + 1);
    expect(member.localHealth).toBe(0);
    expect(events).toContain(`suspect ${to}`);
  });

  test('of one that has no link asks others at once', async () => {
    unlinked = new Set([A]);
    const ping = await probed(B);
    expect(ping.to).toBe(B);
    member.receive(B, { type: 'ack', sequence: ping.sequence, updates: [] });
    await clock.advance(INTERVAL_MS);
    expect(taken('ping-request')).toMatchObject([{ to: B, target: A }]);
  });

  test('that cannot be sent tells nothing in vain', async () => {
    tell(A, recordOf(A), recordOf(C, { status: 'down' }));
    // Else it would be new here, and given time to be linked.
    tell(A);
    unlinked = new Set([A]);
    member.start();
    await clock.advance(3 * INTERVAL_MS);
    expect(events).toEqual(['up a', 'suspect a']);
    // Of four times the first two went to A.
    const told = [1, 2, 3, 4].filter(() => toldOf(C) !== undefined);
    expect(told).toHaveLength(2);
  });

  test('waits for one that is new here, and that nobody has linked yet', async () => {
    await clock.advance(60 * INTERVAL_MS);
    unlinked = new Set([A]);
    tell(B, recordOf(A));
    member.start();
    await clock.advance(9 * INTERVAL_MS);
    expect(events).toEqual(['up a']);
    await clock.advance(4 * INTERVAL_MS);
    expect(events).toEqual(['up a', 'suspect a']);
  });

  test('is of those only whom this node watches', async () => {
    member = begin({}, { isWatched: (nodeId) => nodeId === A });
    tell(B, recordOf(A), recordOf(B), recordOf(C));
    member.start();
    sent = [];
    await clock.advance(5 * INTERVAL_MS);
    expect(new Set(taken('ping').map(({ to }) => to))).toEqual(new Set([A]));
  });

  test('does not come any more to those that are down by the time of their turn', async () => {
    const { to } = await probed(B, C, D);
    const others = [A, B, C, D].filter((nodeId) => nodeId !== to);
    for (const nodeId of others) tell(to, recordOf(nodeId, { status: 'down' }));
    sent = [];
    await clock.advance(10 * INTERVAL_MS);
    expect(new Set(taken('ping').map((ping) => ping.to))).toEqual(new Set([to]));
  });

  test('is of nobody who is down', async () => {
    tell(B, recordOf(A, { status: 'down' }));
    member.start();
    sent = [];
    await clock.advance(5 * INTERVAL_MS);
    expect(taken('ping')).toEqual([]);
  });

  test('is waited for longer while the prober finds itself ill', async () => {
    for (let time = 0; time < 3; time++)
      tell(B, { ...recordOf(SELF, FACTS), incarnation: ownIncarnation(), status: 'suspect', accuser: B });
    await probed(B, C);
    await clock.advance(2 * INTERVAL_MS - 1);
    expect(taken('ping-request')).toEqual([]);
    await clock.advance(1);
    expect(taken('ping-request')).toHaveLength(2);
  });

  test('comes less often while the prober finds itself ill', async () => {
    await probed();
    for (let time = 0; time < 3; time++)
      tell(B, { ...recordOf(SELF, FACTS), incarnation: ownIncarnation(), status: 'suspect', accuser: B });
    sent = [];
    await clock.advance(10 * INTERVAL_MS);
    expect(taken('ping').length).toBeLessThan(4);
  });
});

describe('a probe for another', () => {
  const request = { type: 'ping-request', sequence: 77, target: A, timeoutMs: 1000, updates: [] } as const;

  test('is passed on, and so is its answer', () => {
    member.receive(B, request);
    const [ping] = taken('ping');
    expect(ping?.to).toBe(A);
    member.receive(A, { type: 'ack', sequence: ping?.sequence ?? 0, updates: [] });
    expect(taken('ack')).toMatchObject([{ to: B, sequence: 77 }]);
  });

  test('that has no answer is said to have none at four fifths of the time, and may have one after', async () => {
    member.receive(B, request);
    const [ping] = taken('ping');
    await clock.advance(799);
    expect(taken('nack')).toEqual([]);
    await clock.advance(2);
    expect(taken('nack')).toMatchObject([{ to: B, sequence: 77 }]);
    member.receive(A, { type: 'ack', sequence: ping?.sequence ?? 0, updates: [] });
    expect(taken('ack')).toMatchObject([{ to: B, sequence: 77 }]);
  });

  test('that was answered has no nack', async () => {
    member.receive(B, request);
    member.receive(A, { type: 'ack', sequence: taken('ping')[0]?.sequence ?? 0, updates: [] });
    sent = [];
    await clock.advance(2000);
    expect(sent).toEqual([]);
  });

  test('of one that has no link here is said to have no answer at once', () => {
    unlinked = new Set([A]);
    member.receive(B, request);
    expect(taken('nack')).toMatchObject([{ to: B, sequence: 77 }]);
  });

  test('is answered by its target only', () => {
    member.receive(B, request);
    member.receive(C, { type: 'ack', sequence: taken('ping')[0]?.sequence ?? 0, updates: [] });
    expect(taken('ack')).toEqual([]);
  });

  test('is one of a limited number: beyond it, it is as if it were lost', async () => {
    for (let sequence = 0; sequence < 300; sequence++) member.receive(B, { ...request, sequence });
    expect(taken('ping')).toHaveLength(256);
    await clock.advance(1001);
    member.receive(B, request);
    expect(taken('ping')).toHaveLength(1);
  });
});

describe('who leaves', () => {
  test('tells all that live, and waits for their acknowledgement', async () => {
    tell(B, recordOf(A), recordOf(B), recordOf(C, { status: 'down' }));
    sent = [];
    let isThrough = false;
    void member.leave(5000).then(() => (isThrough = true));
    const pings = taken('ping');
    expect(pings.map(({ to }) => to).toSorted()).toEqual([A, B]);
    expect(pings.every(({ updates }) => updates[0]?.status === 'left' && updates[0].nodeId === SELF)).toBe(
      true,
    );
    member.receive(A, {
      type: 'ack',
      sequence: pings.find(({ to }) => to === A)?.sequence ?? 0,
      updates: [],
    });
    await settle();
    expect(isThrough).toBe(false);
    member.receive(B, {
      type: 'ack',
      sequence: pings.find(({ to }) => to === B)?.sequence ?? 0,
      updates: [],
    });
    await settle();
    expect(isThrough).toBe(true);
  });

  test("waits for nobody to whom there is no link, and takes nobody else's word", async () => {
    unlinked = new Set([C]);
    tell(B, recordOf(A), recordOf(B), recordOf(C));
    sent = [];
    let isThrough = false;
    void member.leave(5000).then(() => (isThrough = true));
    const [one, other] = taken('ping') as [Extract<Sent, { type: 'ping' }>, Extract<Sent, { type: 'ping' }>];
    for (const { sequence } of [one, other]) {
      member.receive(other.to, { type: 'ack', sequence, updates: [] });
      await settle();
      expect(isThrough).toBe(false);
    }
    member.receive(one.to, { type: 'ack', sequence: one.sequence, updates: [] });
    await settle();
    expect(isThrough).toBe(true);
  });

  test('does not wait for ever, nor for anybody if there is nobody', async () => {
    await member.leave(5000);
    tell(B, recordOf(A));
    let isThrough = false;
    void member.leave(5000).then(() => (isThrough = true));
    await clock.advance(5001);
    expect(isThrough).toBe(true);
  });

  test('does not refute that it left, and probes nobody', async () => {
    tell(B, recordOf(A));
    member.start();
    void member.leave(5000);
    const own = ownIncarnation();
    tell(B, { ...recordOf(SELF, FACTS), incarnation: own, status: 'left' });
    sent = [];
    await clock.advance(3000);
    expect(ownIncarnation()).toBe(own);
    expect(member.members()[0]?.status).toBe('left');
    expect(taken('ping')).toEqual([]);
  });
});

describe('who is forgotten', () => {
  test('is so at an incarnation of now: nobody knows a later one that it made before', () => {
    tell(B, recordOf(A, { status: 'down' }));
    expect(member.forget(A)).toBe(true);
    expect(toldOf(A)).toMatchObject({ status: 'forgotten', incarnation: clock.wallMs() });
    tell(C, recordOf(A, { incarnation: clock.wallMs() - 1 }));
    expect(member.member(A)).toBeUndefined();
  });

  test('is known, or there is nothing to forget', () => {
    expect(member.forget(A)).toBe(false);
    expect(member.forget(SELF)).toBe(false);
    tell(B, recordOf(A));
    expect([member.forget(A), member.forget(A)]).toEqual([true, false]);
  });

  test('is remembered as such for longer than one that is down', async () => {
    member = begin({ memberRetentionMs: 100_000, forgottenRetentionMs: 300_000 });
    tell(B, recordOf(A, { status: 'down' }), recordOf(B, { status: 'down' }));
    member.forget(B);
    member.start();
    const known = (): NodeId[] => member.told.records().map(({ nodeId }) => nodeId);
    const keptBefore = kept;
    await clock.advance(99_000);
    expect(known()).toEqual([A, B, SELF]);
    expect(kept).toBe(keptBefore);
    await clock.advance(60_000);
    expect(known()).toEqual([B, SELF]);
    expect(kept).toBe(keptBefore + 1);
    await clock.advance(200_000);
    expect(known()).toEqual([SELF]);
  });
});

describe('what a node says of itself', () => {
  test('is told everybody under a higher incarnation when it changes', () => {
    const own = ownIncarnation();
    member.announce({ address: 'elsewhere:7000' });
    expect(toldOf(SELF)).toMatchObject({ address: 'elsewhere:7000', incarnation: own + 1, version: '1.0.0' });
  });

  test.each([{ address: 'nowhere' }, { version: 'two words' }, { metadata: new Uint8Array(513) }])(
    'and may not travel, it may not say: %o',
    (facts) => {
      expect(() => member.announce(facts)).toThrow('may travel');
      expect(toldOf(SELF)).toBeUndefined();
    },
  );

  test('is shown as its own, with how long it has been up', async () => {
    await clock.advance(5000);
    member = begin();
    await clock.advance(700);
    expect(member.member(SELF)).toMatchObject({ isSelf: true, status: 'up', statusAgeMs: 700 });
  });

  test('has room for 512 bytes of metadata', () => {
    member.announce({ metadata: new Uint8Array(512) });
    expect(toldOf(SELF)?.metadata).toHaveLength(512);
  });

  test('and is so already, is no change', () => {
    const own = ownIncarnation();
    member.announce({ address: FACTS.address });
    expect(ownIncarnation()).toBe(own);
  });
});

describe('what an earlier run knew', () => {
  test('is known again, without events; who lived is taken as up', () => {
    member.restore([
      recordOf(A),
      recordOf(B, { status: 'suspect', accuser: A }),
      recordOf(C, { status: 'down', ageMs: 1000 }),
      recordOf(D, { status: 'forgotten' }),
    ]);
    expect(member.members().map(({ nodeId, status }) => `${status} ${nodeId}`)).toEqual([
      'up m',
      'up a',
      'up b',
      'down c',
    ]);
    expect(events).toEqual([]);
  });

  test('of this node, if its clock was ahead then, is surpassed', () => {
    const later = ownIncarnation() + 1000;
    member.restore([{ ...recordOf(SELF, FACTS), incarnation: later }]);
    expect(ownIncarnation()).toBe(later + 1);
    member.restore([{ ...recordOf(SELF, FACTS), incarnation: 5 }]);
    expect(ownIncarnation()).toBe(later + 1);
  });
});

describe('all that is known', () => {
  /** How often its digest was told in ten minutes, in a cluster of so many. */
  const offers = async (members: number): Promise<number> => {
    const names = Array.from({ length: members - 1 }, (_, at) => `n${at}` as NodeId);
    tell(B, ...names.map((nodeId) => recordOf(nodeId)));
    member.start();
    sent = [];
    let told = 0;
    for (let second = 0; second < 600; second++) {
      await clock.advance(INTERVAL_MS);
      for (const message of sent.splice(0)) {
        if (message.type === 'members-digest') told++;
        if (message.type !== 'ping') continue;
        member.receive(message.to, { type: 'ack', sequence: message.sequence, updates: [] });
      }
    }
    return told;
  };

  test.each([
    [2, 20],
    [32, 20],
    [33, 10],
    [128, 7],
  ])(
    'is compared with somebody now and then, less often in a larger cluster: of %d, %d times in ten minutes',
    async (members, times) => {
      expect(Math.abs((await offers(members)) - times)).toBeLessThanOrEqual(1);
    },
  );

  test('is compared once when a link opens, by the one whose name is smaller', () => {
    member.linkOpened('z' as NodeId);
    expect(taken('members-digest').map(({ to }) => to)).toEqual(['z']);
    member.linkOpened(A);
    expect(taken('members-digest')).toEqual([]);
  });

  test('and is told of somebody who lives here, that it is down, makes it suspect', () => {
    tell(B, recordOf(A));
    const records = [recordOf(A, { status: 'down' }), recordOf(C, { status: 'down' })];
    member.receive(B, { type: 'members', sequence: 1, after: '', isLast: true, records });
    expect(events).toEqual(['up a', 'suspect a']);
    expect(member.member(C)?.status).toBe('down');
    expect(toldOf(A)?.accuser).toBe(B);
  });

  test('and says that somebody who lives here does, or has left, is taken at its word', () => {
    tell(B, recordOf(A), recordOf(C));
    const records = [recordOf(A), recordOf(C, { status: 'left' })];
    member.receive(B, { type: 'members', sequence: 1, after: '', isLast: true, records });
    expect(events).toEqual(['up a', 'up c', 'left c']);
  });
});

describe('a member that knows only a choice of the others', () => {
  test('compares it with nobody by itself, and answers whoever does', async () => {
    member = begin({ membersMax: 3 });
    tell(B, recordOf(A), recordOf(B));
    member.linkOpened('z' as NodeId);
    expect(taken('members-digest')).toHaveLength(1);
    tell(B, recordOf(C));
    member.start();
    member.linkOpened('z' as NodeId);
    await clock.advance(600_000);
    expect(taken('members-digest')).toEqual([]);
    member.receive(B, { type: 'members-digest', digest: 0 });
    expect(taken('members')).toHaveLength(1);
    member.stop();
  });

  test('tells who is down that it is, as soon as there is a link to it, and whoever lives nothing', () => {
    member = begin({ membersMax: 2 });
    tell(B, recordOf(A, { status: 'down' }));
    taken('ping');
    // All are known still: tables are compared.
    member.linkOpened(A);
    expect(taken('ping')).toEqual([]);
    tell(B, recordOf(B));
    member.linkOpened(A);
    member.linkOpened(B);
    const [told, ...others] = taken('ping');
    expect(others).toEqual([]);
    expect(told?.to).toBe(A);
    expect(told?.updates).toContainEqual(expect.objectContaining({ nodeId: A, status: 'down' }));
    member.receive(A, {
      type: 'ack',
      sequence: told?.sequence ?? 0,
      updates: [recordOf(A, { incarnation: 11 })],
    });
    expect(member.member(A)?.status).toBe('up');
  });

  test('introduces everybody whom it names, and one that knows all only itself', () => {
    const introduced = (...names: NodeId[]): NodeId[] =>
      member.told.introductions(names).map(({ nodeId }) => nodeId);
    member = begin({ membersMax: 2 });
    tell(B, recordOf(A));
    expect(introduced(SELF, A, C)).toEqual([SELF]);
    tell(B, recordOf(B));
    expect(introduced(SELF, A, C)).toEqual([SELF, A]);
  });
});

test('once it is stopped, it says nothing by itself any more', async () => {
  tell(B, recordOf(A));
  member.start();
  member.stop();
  sent = [];
  await clock.advance(60_000);
  expect(sent).toEqual([]);
});
