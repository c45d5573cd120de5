/**
 * Short schedules, each of which breaks a promise if one rule of the algorithm is left out or bent
 * (`test/fixtures/schedules.json`). Those that need nothing beyond sessions and collection are replayed here.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Cluster, type TestSession } from '../support/cluster.ts';
import { expectInvariants, expectLinks, expectWholeBatches } from '../support/invariants.ts';
import { NaiveReplica } from '../support/naive-replica.ts';
import { utf8 } from '../support/replica-fixture.ts';

interface Schedule {
  readonly rule: string;
  readonly left_out: string;
  /** Of `test/mutants`. */
  readonly mutant: string;
  readonly steps: readonly string[];
  readonly needs: readonly string[];
}

const file = new URL('../fixtures/schedules.json', import.meta.url);
const { schedules } = JSON.parse(readFileSync(file, 'utf8')) as { readonly schedules: readonly Schedule[] };

const NODES = 4;

interface Opened {
  readonly puller: number;
  readonly server: number;
  readonly compare: boolean;
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
    case 'ttl':
      return cluster.write(at, [
        { ...writeOf(words[1] ?? ''), expiresAt: cluster.node(at).clock.wallMs() + Number(words[2]) * 1000 },
      ]);
    case 'pull':
      // One inbound session at a time.
      if (isPulling(sessions, at)) return;
      await cluster.pull(at, Number(words[1]));
      return;
    case 'open':
    case 'check':
      sessions.set(words[0] ?? '', {
        puller: Number(words[1]),
        server: Number(words[2]),
        compare: verb === 'check',
        session: undefined,
        ended: false,
      });
      return;
    case 'chunk':
    case 'key':
      return message(cluster, sessions.get(words[0] ?? '') as Opened);
    case 'tell':
      return cluster.tell(at, Number(words[1]));
    case 'save':
      return cluster.save(at);
    case 'restore':
      endSessions(sessions, at);
      return cluster.restore(at);
    case 'leap':
      return cluster.setClock(at, Number(words[1]) * 1000);
    case 'mend':
      return cluster.setClock(at, 0);
    case 'vanish':
      endSessions(sessions, at);
      return cluster.vanish(at, utf8(words[1] ?? ''));
    case 'end': {
      const opened = sessions.get(words[0] ?? '') as Opened;
      while (!opened.ended) await message(cluster, opened);
      return;
    }
    case 'collect':
      return cluster.collect(at);
    case 'wait':
      return cluster.clock.advance(at * 1000);
    case 'retire':
      return cluster.retire(at, Number(words[1]));
    case 'wipe':
      endSessions(sessions, at);
      return cluster.wipe(at);
    default:
      throw new Error(`a step that this test does not know: ${step}`);
  }
}

function isPulling(sessions: ReadonlyMap<string, Opened>, puller: number): boolean {
  return [...sessions.values()].some(
    (opened) => opened.puller === puller && opened.session !== undefined && !opened.ended,
  );
}

/** With its disk, or its life, a node loses the sessions in which it pulls. */
function endSessions(sessions: ReadonlyMap<string, Opened>, puller: number): void {
  for (const opened of sessions.values()) if (opened.puller === puller) opened.ended = true;
}

async function message(cluster: Cluster, opened: Opened): Promise<void> {
  if (opened.ended) return;
  opened.session ??= await cluster.open(opened.puller, opened.server, opened.compare);
  const step = opened.session && (await cluster.step(opened.session, 'delivered', 1));
  opened.ended = step !== 'more';
}

async function expectPromises(cluster: Cluster): Promise<void> {
  for (const { index, replica, naive } of cluster.living()) {
    const { shown, expected } = await cluster.shown(index, naive);
    expect(shown, `what node ${index} shows`).toEqual(expected);
    await expectInvariants(replica, cluster.acknowledged.all());
    expectLinks(replica, cluster.linkByActor);
    expectWholeBatches(replica, naive, cluster.acknowledged.all());
  }
}

describe('the schedule against leaving out that', () => {
  const replayed = schedules;
  const named = replayed.map(
    (schedule) => [`${schedule.left_out} (${schedule.rule}) [${schedule.mutant}]`, schedule] as const,
  );
  test.each(named)('%s', async (_, { steps }) => {
    const cluster = await Cluster.create(NODES, { keyOrder: false });
    const sessions = new Map<string, Opened>();
    for (const step of steps) {
      // Later steps write larger versions.
      await cluster.clock.advance(1);
      await perform(cluster, sessions, step);
      await expectPromises(cluster);
    }
    for (const { index } of cluster.nodes) cluster.setClock(index, 0);
    await cluster.clock.advance(700_000);
    await cluster.converge(() => expectPromises(cluster));
    await expectPromises(cluster);
    const survived = new NaiveReplica(cluster.living().flatMap(({ naive }) => naive.all()));
    const [first] = cluster.living();
    for (const { index, replica } of cluster.living()) {
      const { shown, expected } = await cluster.shown(index, survived);
      expect(shown).toEqual(expected);
      expect(replica.contextHash()).toBe(first?.replica.contextHash());
    }
  });

  test('something is replayed', () => {
    expect(replayed).toHaveLength(40);
  });
});
