/** What every log promises (`src/ports/log.ts`). */

import { describe, expect, test } from 'vitest';
import type { Log, LogFields } from '../../src/ports/log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export function describeLog(name: string, make: () => Log): void {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const fields: [string, LogFields][] = [
    ['no fields', {}],
    ['plain ones', { peer: 'a', count: 3, isLate: true, none: undefined, nothing: null }],
    ['a bigint', { hash: 2n ** 64n - 1n }],
    ['bytes', { key: Uint8Array.of(1, 2) }],
    ['an error with a cause', { err: new Error('outer', { cause: new TypeError('inner') }) }],
    ['a cycle', cycle],
    ['functions and symbols', { call: () => 1, name: Symbol('s') }],
    [
      'what fails when it is read',
      {
        bad: {
          toJSON() {
            throw new Error('no');
          },
        },
      },
    ],
  ];

  describe(`${name}, a log`, () => {
    test.each(fields)('takes %s at each level, and never fails', (_, some) => {
      const log = make();
      for (const level of LEVELS) expect(log[level](some, 'a sentence')).toBeUndefined();
    });
  });
}
