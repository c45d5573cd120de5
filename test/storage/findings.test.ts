import { describe, expect, test } from 'vitest';
import { describeKey, FindingsList } from '../../src/storage/findings.ts';
import {
  cloudKey,
  DUE_EXPIRING,
  dueKey,
  entryKey,
  largeValueKey,
  metaKey,
  progressKey,
  rowKey,
  segmentKey,
  sessionKey,
  singleDotKey,
} from '../../src/storage/keyspace.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { utf8 } from '../support/replica-fixture.ts';

const actorOf = (no: number): string | undefined => (no === 7 ? 'an actor' : undefined);
const PEER = 'peer' as NodeId;
const longer = (key: Uint8Array): Uint8Array => Uint8Array.of(...key, 0xab);

describe('a finding', () => {
  test.each([
    ['of an entry', entryKey(utf8('a key')), 'a key'],
    ['of a due record', dueKey(DUE_EXPIRING, 5, utf8('a key')), 'a key'],
    ['of the state', metaKey('state'), 'state'],
    ['of a session', sessionKey(PEER), 'peer'],
    ['of progress', progressKey(PEER), 'peer'],
    ['of a row', rowKey(7), 'an actor'],
    ['of a row of nobody', rowKey(8), 'unknown actor 8'],
    ['of a large value', largeValueKey(7, 99), 'an actor at 99'],
    ['of a segment', segmentKey(7, 99), 'an actor at 99'],
    ['of a single dot', singleDotKey(7, 99), 'an actor at 99'],
    ['of a cloud dot', cloudKey(8, 99), 'unknown actor 8 at 99'],
    ['of a row whose key has another length', longer(rowKey(7)), '0200000007ab'],
    ['of a cloud dot whose key has another length', longer(cloudKey(7, 99)), '03000000070000000000000063ab'],
    ['of no key space', Uint8Array.of(0x77, 0x0a), '770a'],
  ])('%s says which', (_, key, said) => {
    expect(describeKey(key, actorOf)).toBe(said);
  });

  test('is counted with others of its kind and space, and shows the first', () => {
    const findings = new FindingsList(actorOf);
    for (const key of ['x', 'y']) findings.add('unreadable', entryKey(utf8(key)));
    findings.add('unreadable', rowKey(7));
    findings.add('not-due', entryKey(utf8('z')));
    findings.addNamed('not-due', 'entry', 'others', 3);
    findings.count('entry');
    findings.count('entry');
    expect(findings.counted('entry')).toBe(2);
    expect(findings.counted('row')).toBe(0);
    expect(findings.finish()).toEqual({
      records: { entry: 2 },
      problems: [
        { kind: 'unreadable', space: 'entry', count: 2, example: 'x' },
        { kind: 'unreadable', space: 'row', count: 1, example: 'an actor' },
        { kind: 'not-due', space: 'entry', count: 4, example: 'z' },
      ],
    });
  });
});
