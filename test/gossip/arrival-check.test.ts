import { describe, expect, test } from 'vitest';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { unknownRow } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { retirementOf } from '../../src/core/retirement.ts';
import type { Version } from '../../src/core/version.ts';
import { ArrivalCheck, type Promised } from '../../src/gossip/arrival-check.ts';
import { utf8 } from '../support/replica-fixture.ts';

const SERVER = 'server' as NodeId;
const OWN = makeActor(SERVER, 0 as Version, 1);
const OTHER = makeActor('zeta' as NodeId, 0 as Version, 1);
const STRANGER = makeActor('stranger' as NodeId, 0 as Version, 1);

/** It knows of the first actor, and not of the other. */
const RETIREMENT = {
  ...unknownRow(retirementOf('gone' as NodeId)),
  received: 5 as Version,
  closed: 5 as Version,
};
const UNLISTED = makeActor('gone' as NodeId, 5 as Version, 1);
const LATER = makeActor('gone' as NodeId, 6 as Version, 1);

const NEXT = { cursor: Uint8Array.of(2), last: false };
const LAST = { cursor: Uint8Array.of(2), last: true };
const ASKED = Uint8Array.of(1);

function entry(actor: Actor, version: number, key: string): Entry {
  const [at, value] = [version as Version, utf8('v')];
  return {
    actor,
    version: at,
    first: at,
    last: at,
    key: utf8(key),
    value,
    tombstone: false,
    expiresAt: undefined,
  };
}

function checkOf(promised: Partial<Promised> = {}): ArrivalCheck {
  const rows = [unknownRow(OWN), unknownRow(OTHER)];
  return new ArrivalCheck({
    peer: SERVER,
    order: 'version',
    rows,
    serverBootstrapping: false,
    ...promised,
  });
}

describe('what arrives in a session', () => {
  test('in version order goes on from chunk to chunk, actor by actor', () => {
    const check = checkOf();
    check.check([entry(OWN, 1, 'b'), entry(OWN, 5, 'a')], NEXT);
    check.check([entry(OWN, 6, 'a')], NEXT, ASKED);
    check.check([entry(OTHER, 2, 'c')], LAST, ASKED);
  });

  test.each<[string, Entry, Entry]>([
    ['a lower version', entry(OWN, 5, 'a'), entry(OWN, 4, 'b')],
    ['the same version', entry(OWN, 5, 'a'), entry(OWN, 5, 'b')],
    ['an earlier actor', entry(OTHER, 1, 'a'), entry(OWN, 9, 'b')],
  ])('in version order may not go back to %s', (_, before, after) => {
    const check = checkOf();
    check.check([before], NEXT);
    expect(() => check.check([after], NEXT, ASKED)).toThrow('a chunk that goes back');
  });

  test('in key order goes on from chunk to chunk by key, and may not go back', () => {
    const check = checkOf({ order: 'key' });
    check.check([entry(OTHER, 5, 'a')], NEXT);
    check.check([entry(OWN, 1, 'b')], NEXT, ASKED);
    expect(() => check.check([entry(OWN, 9, 'b')], NEXT, ASKED)).toThrow('a chunk that goes back');
  });

  test('compares with the last entry that came, also over empty chunks', () => {
    const check = checkOf();
    check.check([entry(OWN, 5, 'a')], NEXT);
    check.check([], NEXT, ASKED);
    expect(() => check.check([entry(OWN, 4, 'b')], NEXT, ASKED)).toThrow(MalformedBytes);
  });

  test('is about the actors that were asked for, and no others', () => {
    for (const order of ['version', 'key'] as const) {
      expect(() => checkOf({ order }).check([entry(STRANGER, 1, 'a')], LAST)).toThrow(
        'an actor that the session is not about',
      );
    }
  });

  test('in key order is also of those that a retirement among them knows of', () => {
    const rows = [RETIREMENT];
    const arrive = (order: Promised['order'], actor: Actor) => () =>
      checkOf({ order, rows }).check([entry(actor, 9, 'a')], LAST);
    expect(arrive('key', UNLISTED)).not.toThrow();
    expect(arrive('key', LATER)).toThrow('an actor that the session is not about');
    expect(arrive('version', UNLISTED)).toThrow('an actor that the session is not about');
  });

  test('from a bootstrapping server is of its own writes, and no others', () => {
    const check = checkOf({ serverBootstrapping: true });
    check.check([entry(OWN, 1, 'a')], NEXT);
    expect(() => check.check([entry(OTHER, 1, 'b')], LAST, ASKED)).toThrow(
      "another node's entry from a server that is bootstrapping",
    );
  });

  test('moves the cursor, unless it is the last', () => {
    expect(() => checkOf().check([entry(OWN, 1, 'a')], NEXT, NEXT.cursor)).toThrow(
      'a cursor that stands still',
    );
    checkOf().check([], LAST, LAST.cursor);
  });

  test('may be nothing 10,000 times in a row, not once more', () => {
    const check = checkOf();
    for (let chunk = 0; chunk < 10_000; chunk++) check.check([], NEXT, ASKED);
    check.check([entry(OWN, 1, 'a')], NEXT, ASKED);
    for (let chunk = 0; chunk < 10_000; chunk++) check.check([], NEXT, ASKED);
    expect(() => check.check([], NEXT, ASKED)).toThrow('empty chunks without end');
  });
});
