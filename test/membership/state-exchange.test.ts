import { beforeEach, describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import type { MemberMessage } from '../../src/membership/member-messages.ts';
import { supersedes, type Update } from '../../src/membership/member.ts';
import { Sequences } from '../../src/membership/sequences.ts';
import { digestOf, StateExchange } from '../../src/membership/state-exchange.ts';
import { encodeUpdates, UPDATES_BYTES_MAX } from '../../src/membership/update-codec.ts';

const [A, B] = ['a', 'b'] as [NodeId, NodeId];

/** So many take up more than a page with this metadata. */
const METADATA = new Uint8Array(500);
const MANY = 200;

function recordOf(name: string, of: Partial<Update> = {}): Update {
  const facts = { address: `${name}:1`, version: '1', protocolVersion: 2, metadata: METADATA };
  return {
    ...facts,
    nodeId: name as NodeId,
    incarnation: 1,
    status: 'up',
    accuser: undefined,
    ageMs: 0,
    ...of,
  };
}

function many(prefix: string, count: number): Update[] {
  return Array.from({ length: count }, (_, at) => recordOf(`${prefix}${String(at).padStart(4, '0')}`));
}

/** What one end knows. */
class End {
  readonly known = new Map<NodeId, Update>();
  exchange!: StateExchange;

  records(): Update[] {
    return [...this.known.values()].toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  hear(records: readonly Update[]): void {
    for (const record of records) {
      const before = this.known.get(record.nodeId);
      if (before === undefined || supersedes(record, before)) this.known.set(record.nodeId, record);
    }
  }
}

let ends: Record<string, End>;
let messages: MemberMessage[];
/** Of the messages to come, which is lost. */
let isLost: (message: MemberMessage) => boolean;
let waiting: (() => void)[];

beforeEach(() => {
  messages = [];
  waiting = [];
  isLost = () => false;
  ends = { a: new End(), b: new End() };
  for (const [self, end] of Object.entries(ends)) {
    end.exchange = new StateExchange({
      network: {
        isLinked: () => true,
        send: (to, message) => {
          messages.push(message);
          if (!isLost(message)) waiting.push(() => deliver(self as NodeId, to, message));
        },
      },
      sequences: new Sequences(),
      records: () => end.records(),
      hear: (_, records) => end.hear(records),
    });
  }
});

function deliver(from: NodeId, to: NodeId, message: MemberMessage): void {
  const exchange = ends[to]?.exchange;
  if (message.type === 'members-digest') exchange?.compare(from, message.digest);
  if (message.type === 'members') exchange?.answer(from, message);
  if (message.type === 'members-reply') exchange?.proceed(from, message);
}

function exchangeAll(): void {
  ends['a']?.exchange.offer(B);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
}

const knownBy = (name: string): Update[] => ends[name]?.records() ?? [];

describe('an exchange of all that two members know', () => {
  test('is one digest if that is the same', () => {
    for (const name of ['a', 'b']) ends[name]?.hear([recordOf('x'), recordOf('y')]);
    exchangeAll();
    expect(messages.map(({ type }) => type)).toEqual(['members-digest']);
  });

  test('brings both to know what either knew, and of what both knew the better', () => {
    ends['a']?.hear([recordOf('x', { incarnation: 5 }), recordOf('only-a')]);
    ends['b']?.hear([recordOf('x', { incarnation: 4, status: 'down' }), recordOf('only-b')]);
    exchangeAll();
    expect(knownBy('a')).toEqual(knownBy('b'));
    expect(knownBy('a').map(({ nodeId, incarnation }) => `${nodeId} ${incarnation}`)).toEqual([
      'only-a 1',
      'only-b 1',
      'x 5',
    ]);
  });

  test('answers with nothing that the other knows as well', () => {
    ends['a']?.hear([...many('x', 10), recordOf('y')]);
    ends['b']?.hear(many('x', 10));
    exchangeAll();
    const replies = messages.flatMap((message) =>
      message.type === 'members-reply' ? [message.records] : [],
    );
    expect(replies.flat().map(({ nodeId }) => nodeId)).toEqual(['y']);
  });

  test.each([
    ['all at one end', MANY, 0],
    ['all at the other', 0, MANY],
    ['half and half', MANY, MANY],
  ])('of many members goes in pages, none longer than it may be: %s', (_, atA, atB) => {
    ends['a']?.hear(many('a', atA));
    ends['b']?.hear(many('b', atB));
    ends['b']?.hear(many('a', Math.floor(Math.min(atA, atB) / 2)));
    exchangeAll();
    expect(knownBy('a')).toHaveLength(atA + atB);
    expect(knownBy('b')).toEqual(knownBy('a'));
    const pages = messages.flatMap((message) =>
      'records' in message ? [encodeUpdates(message.records)] : [],
    );
    expect(pages.length).toBeGreaterThan(5);
    const answered = messages.flatMap((message) => (message.type === 'members-reply' ? message.records : []));
    expect(new Set(answered.map(({ nodeId }) => nodeId)).size).toBe(answered.length);
    for (const page of pages) expect(page.length).toBeLessThanOrEqual(UPDATES_BYTES_MAX);
  });

  test.each([
    ['x', 'y'],
    ['y', 'x'],
  ])('of many brings all to both at once, whichever names come first: %s, %s', (atA, atB) => {
    ends['a']?.hear(many(atA, MANY));
    ends['b']?.hear(many(atB, MANY));
    exchangeAll();
    expect(knownBy('a')).toHaveLength(2 * MANY);
    expect(knownBy('b')).toEqual(knownBy('a'));
  });

  test('that breaks off leaves what was told until then, and another one brings the rest', () => {
    ends['a']?.hear(many('a', MANY));
    ends['b']?.hear(many('b', MANY));
    isLost = () => messages.length > 6;
    exchangeAll();
    const told = knownBy('a').length;
    expect(told).toBeGreaterThan(MANY);
    expect(told).toBeLessThan(2 * MANY);
    isLost = () => false;
    exchangeAll();
    expect(knownBy('a')).toHaveLength(2 * MANY);
    expect(knownBy('b')).toEqual(knownBy('a'));
  });

  test('takes no answer of anybody but whom it asked, and each once', () => {
    ends['a']?.hear([recordOf('x')]);
    isLost = ({ type }) => type === 'members-reply';
    exchangeAll();
    const reply = messages.find((message) => message.type === 'members-reply');
    if (reply?.type !== 'members-reply') throw new Error('no page was answered');
    const answer = { ...reply, records: [recordOf('z')] };
    ends['b']?.exchange.proceed('c' as NodeId, answer);
    expect(knownBy('b').map(({ nodeId }) => nodeId)).toEqual([]);
    ends['b']?.exchange.proceed(A, answer);
    ends['b']?.exchange.proceed(A, { ...answer, records: [recordOf('zz')] });
    expect(knownBy('b').map(({ nodeId }) => nodeId)).toEqual(['z']);
  });

  test('is one of 64 at most that wait for an answer: beyond it the one that began first is given up', () => {
    ends['b']?.hear([recordOf('x')]);
    for (let peer = 0; peer < 65; peer++) ends['b']?.exchange.compare(A, 0);
    const pages = messages.flatMap((message) => (message.type === 'members' ? [message] : []));
    expect(pages).toHaveLength(65);
    const answer = (at: number, name: string): void =>
      ends['b']?.exchange.proceed(A, {
        type: 'members-reply',
        sequence: pages[at]?.sequence ?? 0,
        isCut: false,
        records: [recordOf(name)],
      });
    answer(0, 'given-up');
    answer(1, 'waited-for');
    expect(knownBy('b').map(({ nodeId }) => nodeId)).toEqual(['waited-for', 'x']);
  });

  test('does not go round in circles with one that sends the same answer again and again', () => {
    ends['b']?.hear(many('b', MANY));
    ends['b']?.exchange.compare(A, 0);
    let pages = 0;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const page = messages.at(-1);
      if (page?.type !== 'members' || pages++ > 10) break;
      const { sequence } = page;
      ends['b']?.exchange.proceed(A, {
        type: 'members-reply',
        sequence,
        isCut: true,
        records: [recordOf('a')],
      });
    }
    expect(pages).toBeLessThan(3);
  });
});

describe('a digest', () => {
  test('is the same in any order, and says nothing of ages', () => {
    const records = [recordOf('x'), recordOf('y', { status: 'down', ageMs: 5 })];
    expect(digestOf(records.toReversed().map((record) => ({ ...record, ageMs: 7 })))).toBe(digestOf(records));
  });

  test('is another one where a name, an incarnation or a status is', () => {
    const digests = [{}, { incarnation: 2 }, { status: 'down' as const }, { nodeId: 'z' as NodeId }].map(
      (of) => digestOf([recordOf('x', of)]),
    );
    expect(new Set(digests).size).toBe(4);
  });

  test('tells two halves of a cluster apart, each of which finds the other down', () => {
    for (let half = 1; half <= 20; half++) {
      const one = many('n', 2 * half).map((record, at): Update =>
        at < half ? record : { ...record, status: 'down' },
      );
      const other = many('n', 2 * half).map((record, at): Update =>
        at < half ? { ...record, status: 'down' } : record,
      );
      expect(digestOf(one)).not.toBe(digestOf(other));
    }
  });

  test('of one up member of that name is this number, in all versions from 2 on', () => {
    expect(digestOf([recordOf('node-1', { incarnation: 1_790_000_000_000 })])).toMatchInlineSnapshot(
      `2675525589`,
    );
  });
});
