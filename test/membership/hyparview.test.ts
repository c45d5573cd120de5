/** HyParView: its invariants, whatever happens in whichever order, and that it mends. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { HYPARVIEW_DEFAULTS, HyParView, type HyParViewMessage } from '../../src/membership/hyparview.ts';
import { Components } from '../../src/simulation/literature/components.ts';
import { hyParViewOverlay } from '../../src/simulation/literature/overlay.ts';

const OPTIONS = { ...HYPARVIEW_DEFAULTS, activeMax: 3, passiveMax: 6 };

interface Sent {
  readonly to: number;
  readonly message: HyParViewMessage<number>;
}

/** A node, and what it has sent since the last look. */
function nodeAlone(self: number, seed = 1): { node: HyParView<number>; sent: () => Sent[] } {
  let sent: Sent[] = [];
  const node = new HyParView<number>(
    {
      self,
      nameOf: String,
      random: createSeededRandom(seed),
      send: (to, message) => void sent.push({ to, message }),
    },
    OPTIONS,
  );
  return {
    node,
    sent: () => {
      const taken = sent;
      sent = [];
      return taken;
    },
  };
}

const peers = fc.nat(12);
const messages: fc.Arbitrary<HyParViewMessage<number>> = fc.oneof(
  fc.constant({ type: 'join' as const }),
  fc.record({ type: fc.constant('forward-join' as const), peer: peers, left: fc.nat(6) }),
  fc.record({ type: fc.constant('neighbour' as const), isUrgent: fc.boolean() }),
  fc.record({ type: fc.constant('neighbour-reply' as const), isAccepted: fc.boolean() }),
  fc.constant({ type: 'disconnect' as const }),
  fc.record({
    type: fc.constant('shuffle' as const),
    origin: peers,
    left: fc.nat(6),
    peers: fc.array(peers, { maxLength: 20 }),
  }),
  fc.record({ type: fc.constant('shuffle-reply' as const), peers: fc.array(peers, { maxLength: 20 }) }),
);

describe('the views of a node', () => {
  test('keep apart, keep to their sizes and never hold the node itself, whatever peers send', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ from: fc.integer({ min: 1, max: 12 }), message: messages }),
        fc.record({ failed: fc.integer({ min: 1, max: 12 }) }),
        fc.constant('cycle' as const),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (plan) => {
        const { node } = nodeAlone(0);
        for (const step of plan) {
          if (step === 'cycle') node.cycle();
          else if ('failed' in step) node.failed(step.failed);
          else node.receive(step.from, step.message);
          const known = [...node.active, ...node.passive];
          expect(new Set(known).size).toBe(known.length);
          expect(known).not.toContain(0);
          expect(node.active.length).toBeLessThanOrEqual(OPTIONS.activeMax);
          expect(node.passive.length).toBeLessThanOrEqual(OPTIONS.passiveMax);
        }
      }),
    );
  });

  test('learn no more from a shuffle than one may bring', () => {
    const { node } = nodeAlone(0);
    const many = Array.from({ length: 1000 }, (_, at) => at + 1);
    const few = { ...OPTIONS, passiveMax: 500 };
    const roomy = new HyParView<number>(
      { self: 0, nameOf: String, random: createSeededRandom(1), send: () => {} },
      few,
    );
    roomy.receive(2000, { type: 'shuffle-reply', peers: many });
    expect(roomy.passive).toHaveLength(8);
    node.receive(2000, { type: 'shuffle', origin: 3000, left: 1, peers: many });
    expect(node.passive).toHaveLength(OPTIONS.passiveMax);
  });

  test('give no more to a shuffle than one may bring, however many it names', () => {
    const given: number[] = [];
    const roomy = new HyParView<number>({
      self: 0,
      nameOf: String,
      random: createSeededRandom(1),
      send: (_, message) => void (message.type === 'shuffle-reply' && given.push(message.peers.length)),
    });
    const heard = Array.from({ length: 8 }, (_, at) => at + 1);
    for (const hundreds of [100, 200, 300])
      roomy.receive(1, { type: 'shuffle-reply', peers: heard.map((peer) => hundreds + peer) });
    expect(roomy.passive.length).toBeGreaterThan(17);
    roomy.receive(1, { type: 'shuffle', origin: 2, left: 1, peers: [3, 4] });
    roomy.receive(1, {
      type: 'shuffle',
      origin: 2,
      left: 1,
      peers: Array.from({ length: 16 }, (_, at) => at),
    });
    expect(given).toStrictEqual([3, 8]);
  });

  test('take in who has nobody, and drop another, which is told; who has others is declined', () => {
    const { node, sent } = nodeAlone(0);
    for (const peer of [1, 2, 3]) node.receive(peer, { type: 'neighbour', isUrgent: false });
    sent();
    node.receive(4, { type: 'neighbour', isUrgent: false });
    expect(sent()).toStrictEqual([{ to: 4, message: { type: 'neighbour-reply', isAccepted: false } }]);
    node.receive(5, { type: 'neighbour', isUrgent: true });
    expect(node.active).toContain(5);
    const told = sent();
    expect(told.at(-1)).toStrictEqual({ to: 5, message: { type: 'neighbour-reply', isAccepted: true } });
    const dropped = [1, 2, 3].filter((peer) => !node.active.includes(peer));
    expect(told.slice(0, -1)).toStrictEqual(dropped.map((to) => ({ to, message: { type: 'disconnect' } })));
    expect(node.passive).toStrictEqual(dropped);
  });

  test('let one after the other take the place of who is gone, and ask urgently when nobody is left', () => {
    const { node, sent } = nodeAlone(0);
    node.receive(1, { type: 'neighbour', isUrgent: true });
    node.receive(1, { type: 'shuffle-reply', peers: [7, 8] });
    sent();
    node.failed(1);
    const [first] = sent();
    expect(first?.message).toStrictEqual({ type: 'neighbour', isUrgent: true });
    node.failed(first?.to as number);
    const [second, ...none] = sent();
    expect(none).toStrictEqual([]);
    expect(new Set([first?.to, second?.to])).toStrictEqual(new Set([7, 8]));
    node.receive(second?.to as number, { type: 'neighbour-reply', isAccepted: true });
    expect(node.active).toStrictEqual([second?.to]);
  });
});

describe('a join', () => {
  /** With two active ones. */
  function nodeBetween(): ReturnType<typeof nodeAlone> {
    const alone = nodeAlone(0);
    for (const peer of [1, 2]) alone.node.receive(peer, { type: 'neighbour', isUrgent: true });
    alone.sent();
    return alone;
  }

  test('is asked of a contact, which takes the newcomer in and tells all others that it has', () => {
    const { node, sent } = nodeAlone(3);
    node.join(3);
    node.join(0);
    expect(node.active).toStrictEqual([0]);
    expect(sent()).toStrictEqual([{ to: 0, message: { type: 'join' } }]);

    const contact = nodeBetween();
    contact.node.receive(3, { type: 'join' });
    expect(contact.node.active).toStrictEqual([1, 2, 3]);
    const message = { type: 'forward-join', peer: 3, left: OPTIONS.activeWalk };
    expect(contact.sent()).toStrictEqual([1, 2].map((to) => ({ to, message })));
  });

  test('is passed on step by step, and gets into the passive view at one of them', () => {
    const passed = (left: number): [Sent[], readonly number[]] => {
      const { node, sent } = nodeBetween();
      node.receive(1, { type: 'forward-join', peer: 9, left });
      expect(node.active).toStrictEqual([1, 2]);
      return [sent(), node.passive];
    };
    const on = (left: number): Sent[] => [{ to: 2, message: { type: 'forward-join', peer: 9, left } }];
    const { passiveWalk } = OPTIONS;
    expect(passed(passiveWalk + 1)).toStrictEqual([on(passiveWalk), []]);
    expect(passed(passiveWalk)).toStrictEqual([on(passiveWalk - 1), [9]]);
    expect(passed(1)).toStrictEqual([on(0), []]);
  });

  test('ends where its steps do, or nobody is left to tell: there the newcomer is taken in, and told so', () => {
    const end = nodeBetween();
    end.node.receive(1, { type: 'forward-join', peer: 9, left: 0 });
    const last = nodeAlone(0);
    last.node.receive(1, { type: 'neighbour', isUrgent: true });
    last.sent();
    last.node.receive(1, { type: 'forward-join', peer: 9, left: 5 });
    for (const { node, sent } of [end, last]) {
      expect(node.active).toContain(9);
      expect(sent()).toStrictEqual([{ to: 9, message: { type: 'neighbour', isUrgent: true } }]);
    }
    // Whoever is taken in already need not be told, nor is the newcomer its own neighbour.
    for (const peer of [9, 0]) end.node.receive(1, { type: 'forward-join', peer, left: 0 });
    expect(end.sent()).toStrictEqual([]);
  });
});

describe('a shuffle', () => {
  test('goes to an active one with some of both views, and is passed on until its last step', () => {
    const { node, sent } = nodeAlone(0);
    node.receive(1, { type: 'neighbour', isUrgent: true });
    node.receive(1, { type: 'shuffle-reply', peers: [5, 6] });
    sent();
    node.cycle();
    const [shuffle] = sent();
    expect(shuffle).toMatchObject({
      to: 1,
      message: { type: 'shuffle', origin: 0, left: OPTIONS.activeWalk },
    });
    const offered = shuffle?.message.type === 'shuffle' ? shuffle.message.peers : [];
    expect(new Set(offered)).toStrictEqual(new Set([1, 5, 6]));

    node.receive(2, { type: 'neighbour', isUrgent: true });
    sent();
    node.receive(1, { type: 'shuffle', origin: 9, left: 2, peers: [8] });
    expect(sent()).toStrictEqual([{ to: 2, message: { type: 'shuffle', origin: 9, left: 1, peers: [8] } }]);
    node.receive(1, { type: 'shuffle', origin: 9, left: 1, peers: [8] });
    expect(sent().map(({ to, message }) => [to, message.type])).toContainEqual([9, 'shuffle-reply']);
    expect(node.passive).toEqual(expect.arrayContaining([8, 9]));
  });

  test('that comes back to its origin is not answered', () => {
    const { node, sent } = nodeAlone(0);
    node.receive(1, { type: 'neighbour', isUrgent: true });
    sent();
    node.receive(1, { type: 'shuffle', origin: 0, left: 1, peers: [8] });
    expect(sent()).toStrictEqual([]);
    expect(node.passive).toStrictEqual([]);
  });
});

describe('who is asked for a place', () => {
  test('is one at a time; and who declined, or dropped this node, is not asked again before the next cycle', () => {
    const { node, sent } = nodeAlone(0);
    node.receive(1, { type: 'neighbour', isUrgent: true });
    sent();
    node.introduce([7]);
    node.introduce([8]);
    expect(sent()).toStrictEqual([{ to: 7, message: { type: 'neighbour', isUrgent: false } }]);
    node.receive(7, { type: 'neighbour-reply', isAccepted: false });
    expect(sent()).toStrictEqual([{ to: 8, message: { type: 'neighbour', isUrgent: false } }]);
    node.receive(8, { type: 'neighbour-reply', isAccepted: false });
    node.receive(1, { type: 'disconnect' });
    expect(sent()).toStrictEqual([]);
    expect(node.active).toStrictEqual([]);
    expect(node.passive).toStrictEqual([7, 8, 1]);
    node.cycle();
    expect(sent()).toMatchObject([{ message: { type: 'neighbour', isUrgent: true } }]);
  });

  test('is nobody else while one has not replied, though another fails, or replies unasked', () => {
    const { node, sent } = nodeAlone(0);
    for (const peer of [1, 2]) node.receive(peer, { type: 'neighbour', isUrgent: true });
    sent();
    node.introduce([7, 8]);
    expect(sent()).toHaveLength(1);
    node.failed(1);
    node.receive(9, { type: 'neighbour-reply', isAccepted: false });
    expect(sent()).toStrictEqual([]);
  });

  test('may be anybody, and so may who has to give way', () => {
    const asked = new Set<number>();
    const dropped = new Set<number>();
    for (let seed = 1; seed <= 30; seed++) {
      const { node, sent } = nodeAlone(0, seed);
      for (const peer of [1, 2, 3, 4]) node.receive(peer, { type: 'neighbour', isUrgent: true });
      for (const { to, message } of sent()) if (message.type === 'disconnect') dropped.add(to);
      const [first, ...others] = node.active as [number, ...number[]];
      for (const peer of others) node.receive(peer, { type: 'disconnect' });
      node.introduce([7, 8, 9]);
      sent();
      node.cycle();
      node.failed(first);
      for (const { to, message } of sent()) if (message.type === 'neighbour') asked.add(to);
    }
    expect(dropped).toStrictEqual(new Set([1, 2, 3]));
    expect(asked).toStrictEqual(new Set([1, 2, 3, 4, 7, 8, 9]));
  });
});

describe('a cluster', () => {
  test('comes to rest, though more know nobody but one than it has room for; each gets its turn', () => {
    const nodes = Array.from({ length: 8 }, (_, at) => nodeAlone(at));
    const accepted = new Set<number>();
    const settle = (): number => {
      for (let delivered = 0; ;) {
        const sent = nodes.flatMap((from, at) => from.sent().map((one) => ({ ...one, from: at })));
        if (sent.length === 0 || delivered > 1000) return delivered;
        for (const { from, to, message } of sent) {
          if (message.type === 'neighbour-reply' && message.isAccepted) accepted.add(to);
          nodes[to]?.node.receive(from, message);
        }
        delivered += sent.length;
      }
    };
    const [hub, ...others] = nodes.map(({ node }) => node) as [HyParView<number>, ...HyParView<number>[]];
    for (const other of others) other.introduce([0]);
    expect(settle()).toBeLessThan(100);
    expect(hub.active).toHaveLength(OPTIONS.activeMax);
    for (const other of others) other.cycle();
    expect(settle()).toBeLessThan(100);
    expect(accepted.size).toBe(others.length);
  });

  test('has links that both ends know, and hangs together again a cycle after four fifths of it failed', () => {
    const count = 500;
    const overlay = hyParViewOverlay(count, createSeededRandom(1));
    for (let cycle = 0; cycle < 20; cycle++) overlay.step();
    for (let node = 0; node < count; node++)
      for (const other of overlay.viewOf(node)) expect(overlay.viewOf(other)).toContain(node);
    for (let node = 0; node < count; node++) if (node % 5 !== 0) overlay.kill(node);
    const largest = (): number => {
      const components = new Components(count);
      for (let node = 0; node < count; node += 5)
        for (const other of overlay.viewOf(node)) if (other % 5 === 0) components.join(node, other);
      return components.largest();
    };
    expect(largest()).toBeLessThan(count / 5);
    overlay.step();
    expect(largest()).toBe(count / 5);
  });
});
