/** A partial view beside links that the test makes: what it says over them, whom it wants, and what it closes. */

import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Channel } from '../../src/gossip/channel.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Message } from '../../src/gossip/messages.ts';
import { PartialView } from '../../src/gossip/partial-view.ts';
import type { Update } from '../../src/membership/member.ts';
import type { Partner } from '../../src/gossip/partners.ts';
import { nodeId } from '../support/codec-arbitraries.ts';

const UNKNOWN: Omit<Update, 'nodeId'> = {
  incarnation: 1,
  status: 'up',
  address: '',
  version: '1',
  protocolVersion: 2,
  metadata: new Uint8Array(0),
  ageMs: 0,
};

class Surroundings {
  readonly clock = new SimulatedClock();
  readonly links = new Map<NodeId, Link>();
  /** `a: join`, or `a: closed`. */
  readonly told: string[] = [];
  readonly busy = new Set<NodeId>();
  partners: Partner[] = [];
  seedsDialled = 0;
  /** Who was present whenever one of the seeds was looked for. */
  readonly seedsSought: string[][] = [];
  readonly view = new PartialView({
    nodeId: nodeId('self'),
    clock: this.clock,
    random: createSeededRandom(1),
    links: () => [...this.links.values()],
    linkTo: (member) => this.links.get(member),
    partners: () => this.partners,
    introductions: (members) => members.map((member) => ({ ...UNKNOWN, nodeId: member })),
    isBusy: (member) => this.busy.has(member),
    onChanged: () => {},
    dialSeeds: () => void this.seedsDialled++,
    dialSeedBut: (present) => void this.seedsSought.push([...present]),
  });

  constructor(...members: readonly string[]) {
    this.partners = members.map((name) => ({ nodeId: nodeId(name), address: `${name}:1`, isDown: false }));
    this.view.start();
  }

  link(name: string, protocolVersion: number = 2, direction: Link['direction'] = 'inbound'): Link {
    const member = nodeId(name);
    const channel = {
      tell: (message: Message) =>
        void this.told.push(`${name}: ${message.type === 'view' ? message.message.type : message.type}`),
      close: () => {
        this.told.push(`${name}: closed`);
        this.links.delete(member);
      },
    } as unknown as Channel;
    const sinceMs = this.clock.monotonicMs();
    const link = { nodeId: member, channel, protocolVersion, direction, sinceMs } as Link;
    this.links.set(member, link);
    this.view.linked(link);
    return link;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.clock.advance(500);
      await settle();
    }
  }

  takeTold(): string[] {
    return this.told.splice(0);
  }

  wanted(): string[] {
    return this.view
      .sample(this.partners)
      .map((partner) => `${partner.nodeId}${partner.isUrgent === true ? '!' : ''}`);
  }
}

describe('a partial view', () => {
  test('joins through the first member that is linked, and no other', () => {
    const around = new Surroundings('a', 'b');
    around.link('a');
    around.link('b');
    expect(around.takeTold()).toStrictEqual(['a: join']);
    expect(around.wanted()).toStrictEqual(['a']);
  });

  test('says nothing to a peer that speaks version 1, and closes no link with it', async () => {
    const around = new Surroundings('a');
    around.link('old', 1);
    around.link('a');
    await around.pass(60_000);
    expect(around.told.filter((told) => told.startsWith('old'))).toStrictEqual([]);
    expect(around.links.has(nodeId('old'))).toBe(true);
  });

  test('dials whoever is to be told something without a link, tells it then, and gives up in time', async () => {
    const around = new Surroundings('a', 'b', 'c');
    const link = around.link('a');
    around.view.receive(link, { type: 'forward-join', peer: nodeId('b'), left: 0 });
    around.view.receive(link, { type: 'forward-join', peer: nodeId('c'), left: 0 });
    expect(around.wanted()).toStrictEqual(['a', 'b!', 'c!']);
    around.takeTold();
    around.link('b');
    expect(around.takeTold()).toStrictEqual(['b: neighbour']);
    expect(around.view.active).toContain(nodeId('c'));
    await around.pass(12_000);
    expect(around.view.active).toStrictEqual([nodeId('a'), nodeId('b')]);
  });

  test('closes a link outside of it once the other end has been told, but not while data is on its way', async () => {
    // Of `b` nothing is known but its link, so that it is neither asked nor looked after.
    const around = new Surroundings('a');
    around.link('a');
    around.busy.add(nodeId('b'));
    around.link('b');
    await around.pass(40_000);
    expect(around.links.has(nodeId('b'))).toBe(true);
    around.busy.clear();
    await around.pass(3000);
    expect(around.told.filter((told) => told.startsWith('b'))).toStrictEqual(['b: disconnect', 'b: closed']);
    expect(around.links.has(nodeId('a'))).toBe(true);
  });

  test('gives who is taken in again as long to be linked as the first time', async () => {
    const around = new Surroundings('a', 'b');
    const a = around.link('a');
    around.view.receive(a, { type: 'forward-join', peer: nodeId('b'), left: 0 });
    await around.pass(3000);
    const b = around.link('b');
    around.view.receive(b, { type: 'disconnect' });
    around.view.receive(b, { type: 'neighbour-reply', isAccepted: false });
    around.links.delete(nodeId('b'));
    await around.pass(20_000);
    expect(around.view.active).toStrictEqual([nodeId('a')]);
    around.view.receive(a, { type: 'forward-join', peer: nodeId('b'), left: 0 });
    await around.pass(5000);
    expect(around.view.active).toContain(nodeId('b'));
    await around.pass(7000);
    expect(around.view.active).toStrictEqual([nodeId('a')]);
  });

  test('waits for a bounded number of members, however many are named', () => {
    const names = Array.from({ length: 200 }, (_, at) => `n${at}`);
    const around = new Surroundings('a', ...names);
    const link = around.link('a');
    for (const name of names)
      around.view.receive(link, { type: 'shuffle', origin: nodeId(name), left: 1, peers: [] });
    expect(around.wanted().filter((name) => name.endsWith('!'))).toHaveLength(64);
  });

  test('drops who is down at once, and wants seeds when nobody is left', async () => {
    const around = new Surroundings('a');
    around.link('a');
    expect(around.view.wantsSeeds).toBe(false);
    around.partners = around.partners.map((partner) => ({ ...partner, isDown: true }));
    around.links.clear();
    await around.pass(1500);
    expect(around.view.active).toStrictEqual([]);
    expect(around.view.wantsSeeds).toBe(true);
    expect(around.seedsDialled).toBeGreaterThan(0);
  });

  test('dials somebody who is down now and then, and a seed that is not up, until it finds them', async () => {
    const around = new Surroundings('a', 'b', 'c');
    around.link('a');
    around.partners = around.partners.map((one) => ({ ...one, isDown: one.nodeId === 'c' }));
    await around.pass(20_000);
    expect(around.wanted()).toContain('c!');
    expect(around.seedsSought).toStrictEqual([['a', 'b']]);
    // Pauses grow, until another one is down.
    await around.pass(1_000_000);
    const attempts = around.seedsSought.length;
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(15);
    around.partners = around.partners.map((one) => ({ ...one, isDown: one.nodeId !== 'a' }));
    await around.pass(20_000);
    expect(around.seedsSought.slice(attempts)).toStrictEqual([['a']]);

    // Who is reached is joined once it is known to live, and not before: a process that is stopped has links, too.
    around.takeTold();
    around.link('c', 2, 'outbound');
    await around.pass(3000);
    expect(around.view.active).not.toContain('c');
    around.partners = around.partners.map((one) => ({ ...one, isDown: false }));
    await around.pass(1000);
    expect(around.view.active).toContain('c');
    expect(around.takeTold()).toContain('c: join');
    expect(around.wanted()).not.toContain('c!');
    around.view.stop();
  });

  test('watches its members, and everybody else in turn', async () => {
    const names = ['b', 'c', 'd', 'e'];
    const around = new Surroundings('a', ...names);
    around.link('a');
    const watched = new Set<string>();
    for (let second = 0; second < 90; second++) {
      await around.pass(1000);
      expect(around.view.watches(nodeId('a'))).toBe(true);
      const others = names.filter((name) => around.view.watches(nodeId(name)));
      for (const name of others) watched.add(name);
    }
    expect(watched).toStrictEqual(new Set(names));
    around.view.stop();
  });
});
