/** What a greeter makes of what a fresh connection says, step by step. */

import { beforeEach, describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Admission } from '../../src/gossip/admission.ts';
import { Greeter } from '../../src/gossip/greeter.ts';
import type { Hello, Reject } from '../../src/gossip/greeting-messages.ts';
import { helloOf, type Self } from '../../src/gossip/handshake.ts';
import type { Link } from '../../src/gossip/link.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message, Request } from '../../src/gossip/messages.ts';
import { Penalties } from '../../src/gossip/penalties.ts';
import type { Responder } from '../../src/gossip/responder.ts';
import type { SessionServer } from '../../src/gossip/session-server.ts';
import { Warnings } from '../../src/gossip/warnings.ts';
import type { Connection, ConnectionEvents, Identity } from '../../src/ports/transport.ts';
import { RecordingLog } from '../support/recording-log.ts';

const SELF: Self = {
  nodeId: 'a' as NodeId,
  clusterId: 'test',
  bootNonce: 1,
  settings: { tombstoneTtlMs: 1, maxDriftMs: 1 },
  contact: { host: '', port: 0, startedMs: 0 },
};
const SESSION = 'ab'.repeat(16);
const SUMMARY: Message = {
  type: 'summary',
  request: 1,
  contextHash: 1n,
  fingerprint: { count: 0, sum: 0n },
  wallMs: 5,
};
const NONSENSE = Uint8Array.of(0x91, 0x63);

function helloFrom(nodeId: string, seenHost?: string): Hello {
  return helloOf({ ...SELF, nodeId: nodeId as NodeId, bootNonce: 2 }, seenHost);
}

/** The other end is up to the test. */
class Wire implements Connection {
  readonly remote: string;
  readonly identity?: Identity;
  readonly bytesReceived = 0;
  readonly bytesSent = 0;
  readonly sent: Message[] = [];
  #events: ConnectionEvents | undefined;
  #isClosed = false;

  constructor(remote: string, identity?: Identity) {
    this.remote = remote;
    if (identity !== undefined) this.identity = identity;
  }

  send(message: Uint8Array): Promise<void> {
    this.sent.push(decodeMessage(message, packer));
    return Promise.resolve();
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
  }

  close(reason?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events?.onClose(reason);
  }

  say(...messages: readonly (Message | Uint8Array)[]): void {
    for (const message of messages)
      this.#events?.onMessage(message instanceof Uint8Array ? message : encodeMessage(message, packer));
  }
}

let greeter: Greeter;
let warnings: Warnings;
/** What happened, in its order. */
let told: string[];
let lastLink: Link | undefined;
/** What becomes of those who say hello. */
let judgement: Promise<Reject | undefined> | undefined;

beforeEach(() => {
  const clock = new SimulatedClock();
  warnings = new Warnings(clock, new RecordingLog());
  told = [];
  judgement = undefined;
  greeter = new Greeter({
    self: SELF,
    packer,
    clock,
    warnings,
    responder: {
      answer: (link: Link | undefined, { type }: Request) => {
        told.push(`${type} of ${link?.nodeId ?? 'nobody'}`);
        return Promise.resolve({ ...SUMMARY, type: 'summary-reply' });
      },
    } as unknown as Responder,
    server: {
      notice: (peer: NodeId, { type }: Message) => void told.push(`${type} of ${peer}`),
    } as unknown as SessionServer,
    penalties: new Penalties(clock),
    onMemberMessage: ({ nodeId }, { type }) => void told.push(`${type} of ${nodeId}`),
    admission: { judge: () => judgement } as unknown as Admission,
    isRetired: () => false,
    onSeen: (host) => void told.push(`seen as ${host}`),
  });
});

function greet(wire: Wire, direction: Link['direction'] = 'inbound'): Wire {
  greeter.greet(wire, direction, wire.remote, {
    onLink: (link) => {
      lastLink = link;
      told.push(`link to ${link.nodeId}`);
    },
    onRefused: ({ reject, by, hello }) =>
      void told.push(`${hello?.nodeId ?? 'somebody'} is refused by ${by}: ${reject.code}`),
    onClose: (_, link) => void told.push(`the end of ${link?.nodeId ?? 'somebody'}`),
  });
  return wire;
}

describe('the other side of a connection', () => {
  test('is told by which host it is known, if that means something elsewhere', () => {
    const seen = (remote: string): string | undefined => {
      const [hello] = greet(new Wire(remote)).sent;
      return hello?.type === 'hello' ? hello.contact?.seenHost : undefined;
    };
    expect(seen('h.example:7531')).toBe('h.example');
    expect(seen('10.0.0.12:7531')).toBe('10.0.0.12');
    expect(seen('[::1]:7531')).toBe('::1');
    expect(seen('[::ffff:10.0.0.12]:7531')).toBe('10.0.0.12');
    expect(seen('[::FFFF:10.0.0.12]:7531')).toBe('10.0.0.12');
    expect(seen('[::ffff:a00:c]:7531')).toBe('::ffff:a00:c');
    expect(seen('[64::ffff:10.0.0.12]:7531')).toBe('64::ffff:10.0.0.12');
    expect(seen('[fe80::1%eth0]:7531')).toBe('');
    expect(seen('a pipe')).toBe('');
  });

  test('tells by which host it knows this node', () => {
    greet(new Wire('b:1')).say(helloFrom('b', '10.0.0.1'));
    expect(told).toStrictEqual(['seen as 10.0.0.1', 'link to b']);
  });

  test('says what it is through with, and what it knows of members', () => {
    greet(new Wire('b:1')).say(
      helloFrom('b'),
      { type: 'done', session: SESSION },
      { type: 'ping', sequence: 1, updates: [] },
    );
    expect(told.slice(2)).toStrictEqual(['done of b', 'ping of b']);
  });
});

describe('a node', () => {
  test('that speaks version 1 only tells not how it is reached, and nothing of members', () => {
    const { contact, ...hello } = helloFrom('b');
    const wire = greet(new Wire('b:1'));
    wire.say({ ...hello, newestVersion: 1 });
    expect(lastLink).toMatchObject({ protocolVersion: 1 });
    expect(lastLink).not.toHaveProperty('contact');
    wire.say({ type: 'ping', sequence: 1, updates: [] });
    expect(told).toStrictEqual(['seen as ', 'link to b', 'the end of b']);
    expect(greeter.malformed).toBe(1);
    greet(new Wire('c:1')).say(helloFrom('c'));
    expect(lastLink).toMatchObject({ protocolVersion: 2, contact });
  });

  test('that has other settings is warned of until it has the same', () => {
    const settings = { tombstoneTtlMs: 2, maxDriftMs: 1 };
    greet(new Wire('b:1')).say({ ...helloFrom('b'), settings });
    expect(warnings.all()).toMatchObject([{ code: 'SETTINGS_DIFFER', peer: 'b' }]);
    greet(new Wire('b:2')).say(helloFrom('b'));
    expect(warnings.all()).toEqual([]);
  });
});

describe('while it is not clear whether a node may come in', () => {
  let decide: (found: Reject | undefined) => void;

  beforeEach(() => {
    judgement = new Promise((resolve) => {
      decide = resolve;
    });
  });

  test('its requests wait, and all else that it says is passed over', async () => {
    const wire = greet(new Wire('b:1'));
    wire.say(
      helloFrom('b'),
      SUMMARY,
      { type: 'done', session: SESSION },
      { type: 'ping', sequence: 1, updates: [] },
    );
    await settle();
    expect(told).toStrictEqual([]);
    decide(undefined);
    await settle();
    expect(told).toStrictEqual(['seen as ', 'link to b', 'summary of b']);
    expect(wire.sent.map(({ type }) => type)).toStrictEqual(['hello', 'summary-reply']);
  });

  test('and it goes, it does not come in', async () => {
    const wire = greet(new Wire('b:1'));
    wire.say(helloFrom('b'));
    wire.close();
    decide(undefined);
    await settle();
    expect(told).toStrictEqual(['the end of somebody']);
  });

  test('and it may not, it is told so', async () => {
    const wire = greet(new Wire('b:1'));
    wire.say(helloFrom('b'));
    decide({ type: 'reject', code: 'same-name', reason: 'a test wants it' });
    await settle();
    expect(told).toStrictEqual(['b is refused by self: same-name', 'the end of somebody']);
    expect(wire.sent.map(({ type }) => type)).toStrictEqual(['hello', 'reject']);
  });
});

describe('who proves', () => {
  test('a name may say that one, and no other', () => {
    greet(new Wire('b:1', { name: 'b' })).say(helloFrom('b'));
    greet(new Wire('b:2', { name: 'b' })).say(helloFrom('c'));
    expect(told.slice(1)).toStrictEqual([
      'link to b',
      'c is refused by self: certificate',
      'the end of somebody',
    ]);
  });

  test('no name is refused before anything is heard of it', () => {
    const wire = greet(new Wire('b:1', { problem: 'a test wants it' }));
    expect(told).toStrictEqual(['somebody is refused by self: certificate', 'the end of somebody']);
    expect(wire.sent).toStrictEqual([{ type: 'reject', code: 'certificate', reason: 'a test wants it' }]);
  });
});

describe('who breaks the protocol', () => {
  /** What is said to who comes from there next. */
  const answerTo = (remote: string, direction: Link['direction'] = 'inbound'): string | undefined =>
    greet(new Wire(remote), direction).sent[0]?.type;

  test('is told of in a sentence, with its name once it has said one, else with its address', () => {
    greet(new Wire('stranger:1')).say(NONSENSE);
    greet(new Wire('b:1')).say(helloFrom('b'), NONSENSE);
    expect(warnings.all()).toMatchInlineSnapshot(`
      [
        {
          "code": "PEER_MISBEHAVED",
          "message": "The other end of stranger:1 broke the protocol (a message of unknown type): that connection was closed, and it may come again after 1 s.",
          "peer": "stranger",
        },
        {
          "code": "PEER_MISBEHAVED",
          "message": "Node b at b:1 broke the protocol (a message of unknown type): that connection was closed, and it may come again after 1 s.",
          "peer": "b",
        },
      ]
    `);
  });

  test('and said no name is refused by its host, which is not told on, and nobody else is', () => {
    greet(new Wire('c:1')).say(helloFrom('c'));
    greet(new Wire('stranger:1')).say(NONSENSE);
    told = [];
    const wire = greet(new Wire('stranger:2'));
    expect(wire.sent).toMatchObject([{ type: 'reject', code: 'misbehaved' }]);
    expect(told).toStrictEqual(['the end of somebody']);
    expect(answerTo('other:1')).toBe('hello');
    expect(answerTo('c:2')).toBe('hello');
  });

  test('waits where a node was connected that is so no more', () => {
    const wire = greet(new Wire('b:1'));
    wire.say(helloFrom('b'));
    greet(new Wire('b:2')).say(NONSENSE);
    expect(answerTo('b:3')).toBe('hello');
    wire.close();
    expect(answerTo('b:4')).toBe('reject');
  });

  test('is left alone at its address if it was dialled there; nobody whom it shares a host with is', () => {
    greet(new Wire('stranger:1')).say(NONSENSE);
    expect(greeter.penaltyMs('stranger:1')).toBe(0);
    expect(answerTo('stranger:7531', 'outbound')).toBe('hello');
    greet(new Wire('stranger:7531'), 'outbound').say(NONSENSE);
    expect(greeter.penaltyMs('stranger:7531')).toBe(1000);
    expect(greeter.malformed).toBe(2);
  });
});
