/**
 * Short schedules, each of which breaks a promise if one rule of the algorithm is left out or bent
 * (`test/fixtures/schedules.json`). Those that need nothing beyond sessions and collection are replayed here.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Cluster, type TestSession } from '../support/cluster.ts';
import { expectInvariants, expectWholeBatches } from '../support/invariants.ts';
import { NaiveReplica } from '../support/naive-replica.ts';
import { utf8 } from '../support/replica-fixture.ts';

interface Schedule {
  readonly rule: string;
  readonly left_out: string;
  readonly steps: readonly string[];
  readonly needs: readonly string[];
}

const file = new URL('../fixtures/schedules.json', import.meta.url);
const { schedules } = JSON.parse(readFileSync(file, 'utf8')) as { readonly schedules: readonly Schedule[] };

const NODES = 4;

interface Opened {
  readonly puller: number;
  readonly server: number;
  /** Made by the first message; `ended` when nothing is left to do. */
  session: TestSession | undefined;
  ended: boolean;
}

async function perform(cluster: Cluster, sessions: Map<string, Opened>, step: string): Promise<void> {
  const [verb = '', ...words] = step.split(' ');
  const at = Number(words[0]);
  const writeOf = (key: string) => ({ key: utf8(key), value: cluster.nextValue(), expiresAt: undefined });
  switch (verb) {
    case 'put':
      return cluster.write(at, [writeOf(words[1] ?? '')]);
    case 'batch':
      return cluster.write(at, words.slice(1).map(writeOf));
    case 'del':
      return cluster.write(at, [{ ...writeOf(words[1] ?? ''), value: undefined }]);
    case 'pull':
      await cluster.pull(at, Number(words[1]));
      return;
    case 'open':
      sessions.set(words[0] ?? '', {
        puller: Number(words[1]),
        server: Number(words[2]),
        session: undefined,
        ended: false,
      });
      return;
    case 'chunk':
      return message(cluster, sessions.get(words[0] ?? '') as Opened);
    case 'end': {
      const opened = sessions.get(words[0] ?? '') as Opened;
      while (!opened.ended) await message(cluster, opened);
      return;
    }
    case 'collect':
      await cluster.node(at).replica.collect();
      return;
    case 'wait':
      return cluster.clock.advance(at * 1000);
    case 'wipe':
      // With its disk a node loses the sessions in which it pulls.
      for (const opened of sessions.values()) if (opened.puller === at) opened.ended = true;
      return cluster.wipe(at);
    default:
      throw new Error(`a step that this test does not know: ${step}`);
  }
}

async function message(cluster: Cluster, opened: Opened): Promise<void> {
  if (opened.ended) return;
  opened.session ??= await cluster.open(opened.puller, opened.server);
  opened.ended = opened.session === undefined || (await cluster.step(opened.session)) !== 'more';
}

async function expectPromises(cluster: Cluster): Promise<void> {
  for (const { index, replica, naive } of cluster.nodes) {
    const { shown, expected } = await cluster.shown(index, naive);
    expect(shown, `what node ${index} shows`).toEqual(expected);
    await expectInvariants(replica, cluster.acknowledged.all());
    expectWholeBatches(replica, naive, cluster.acknowledged.all());
  }
}

describe('the schedule against leaving out that', () => {
  const replayed = schedules.filter(({ needs }) => needs.length === 0);
  const named = replayed.map((schedule) => [`${schedule.left_out} (${schedule.rule})`, schedule] as const);
  test.each(named)('%s', async (_, { steps }) => {
    const cluster = await Cluster.create(NODES);
    const sessions = new Map<string, Opened>();
    for (const step of steps) {
      await perform(cluster, sessions, step);
      await expectPromises(cluster);
    }
    await cluster.clock.advance(200_000);
    expect(await cluster.converge()).toBe(false);
    await expectPromises(cluster);
    const survived = new NaiveReplica(cluster.nodes.flatMap(({ naive }) => naive.all()));
    const [first] = cluster.nodes;
    for (const { index, replica } of cluster.nodes) {
      const { shown, expected } = await cluster.shown(index, survived);
      expect(shown).toEqual(expected);
      expect(replica.contextHash()).toBe(first?.replica.contextHash());
    }
  });

  test('something is replayed', () => {
    expect(replayed).toHaveLength(7);
  });
});
