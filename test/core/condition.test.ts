import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Condition, ConditionError, type Found, holds } from '../../src/core/condition.ts';
import { BoatoError } from '../../src/core/errors.ts';

const actors = fc.constantFrom('a', 'b');
const versions = fc.integer({ min: 1, max: 3 });
const founds: fc.Arbitrary<Found> = fc.option(fc.record({ version: versions, actor: actors }), {
  nil: undefined,
});
const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant('absent' as const),
  fc.record({ version: versions, actor: fc.option(actors, { nil: undefined }) }),
);

describe('the condition of a write', () => {
  test('that asks for nothing holds where nothing is live, and nowhere else', () => {
    fc.assert(
      fc.property(founds, (found) => {
        expect(holds('absent', found)).toBe(found === undefined);
      }),
    );
  });

  test('that asks for an entry holds where it is live: the version alone, or with its actor', () => {
    fc.assert(
      fc.property(conditions, founds, (condition, found) => {
        if (condition === 'absent') return;
        const { version, actor = found?.actor } = condition;
        const isIt = found !== undefined && found.version === version && found.actor === actor;
        expect(holds(condition, found)).toBe(isIt);
      }),
    );
  });
});

describe('the error of a condition that did not hold', () => {
  test('has the code, the key, and what is live under it', () => {
    fc.assert(
      fc.property(conditions, founds, (condition, found) => {
        const error = new ConditionError('k', condition, found);
        expect(error).toBeInstanceOf(BoatoError);
        expect(error.name).toBe('ConditionError');
        expect(error.code).toBe('CONDITION_FAILED');
        expect(error.key).toBe('k');
        expect(error.present).toEqual(found);
      }),
    );
  });

  test('tells what is live and what was asked for', () => {
    const found = { version: 7, actor: 'found' };
    const messageOf = (...args: [Condition, Found]): string => new ConditionError('k', ...args).message;
    expect(messageOf({ version: 5, actor: 'wanted' }, found)).toMatch(
      /"k".* version 7 of found.* version 5 of wanted/,
    );
    expect(messageOf({ version: 5, actor: undefined }, undefined)).toMatch(/no live entry.* version 5:/);
    expect(messageOf('absent', found)).toMatch(/version 7 of found.* asks for none/);
  });
});
