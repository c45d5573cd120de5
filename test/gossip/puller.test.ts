import { expect, test } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { ROWS_MAX } from '../../src/core/row-codec.ts';
import type { Version } from '../../src/core/version.ts';
import type { Link } from '../../src/gossip/link.ts';
import { Puller } from '../../src/gossip/puller.ts';
import { Warnings } from '../../src/gossip/warnings.ts';
import { openTestReplica } from '../support/replica-fixture.ts';
import { pullDependencies, SESSION_TIMEOUT_MS } from './session-fixture.ts';

const PEER = 'a' as NodeId;

test('a node that lacks more runs than fit into one request asks for none, looks seldom, and says so until it lacks fewer', async () => {
  const clock = new SimulatedClock();
  const replica = await openTestReplica({ nodeId: 'b', clock });
  const warnings = new Warnings(clock, silentLog);
  const asked: string[] = [];
  let compared = 0;
  const channel = {
    isOpen: true,
    isStalled: false,
    request: ({ type }: { readonly type: string }) => {
      asked.push(type);
      return Promise.resolve({ type: 'failure', request: 1, code: 'not-serving', reason: 'it is a test' });
    },
    notify: () => {},
  };
  const link = { nodeId: PEER, channel } as unknown as Link;
  const runs = Array.from({ length: ROWS_MAX + 1 }, (_, run) => makeActor(PEER, run as Version, 0));
  const puller = new Puller({
    ...pullDependencies(replica, clock),
    log: silentLog,
    warnings,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    compare: () => {
      compared++;
      return Promise.resolve({ actors: runs, rows: [], lacks: new Set(), behind: runs.length });
    },
    linkTo: () => link,
    onPeerClock: () => {},
    isComparing: () => false,
    sentTo: () => 0,
    onCompleted: () => expect.unreachable('nothing was completed'),
  });

  expect((await puller.pull(link)).outcome).toBe('nothing');
  expect(warnings.all().map(({ code, peer }) => [code, peer])).toEqual([['TOO_MANY_RUNS', PEER]]);
  expect(asked).toEqual([]);

  runs.pop();
  expect((await puller.pull(link)).outcome).toBe('nothing');
  expect(compared).toBe(1);
  await clock.advance(600_000);
  expect((await puller.pull(link)).outcome).toBe('not-serving');
  expect(warnings.all()).toEqual([]);
  expect(asked).toEqual(['open']);
  await puller.stop();
  await replica.close();
});
