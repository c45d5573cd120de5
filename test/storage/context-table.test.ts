import { expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { SUM_ZERO } from '../../src/core/context.ts';
import { addSum, Fingerprints } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import { ContextTable } from '../../src/storage/context-table.ts';
import { hash64 } from '../support/replica-fixture.ts';

const version = (value: number): Version => value as Version;
const ACTOR = makeActor('a' as NodeId, version(10), 1);

test('dots of a cloud stay seen until what is received covers each of them', () => {
  const fingerprints = new Fingerprints(hash64);
  const table = new ContextTable(fingerprints);
  const row = table.ensure(ACTOR);
  for (const dot of [50, 20, 40, 30]) table.addCloud(row, version(dot));
  expect(table.fullRow(ACTOR).cloudVersions).toEqual([20, 30, 40, 50]);

  expect(table.advance(row, version(30), version(15))).toEqual([20, 30]);

  expect(table.fullRow(ACTOR)).toMatchObject({ received: 30, closed: 15, cloudVersions: [40, 50] });
  const left = [40, 50].map((dot) => fingerprints.dot(ACTOR, version(dot)));
  expect(row.cloud).toEqual(left.reduce(addSum, SUM_ZERO));
  expect(table.cloudDots).toBe(2);
  const seen = [30, 31, 40, 45, 50, 51].map((dot) => table.hasSeen({ actor: ACTOR, version: version(dot) }));
  expect(seen).toEqual([true, false, true, false, true, false]);
});
