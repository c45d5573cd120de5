/**
 * Conditional writes of one node are linearizable: whatever runs at the same time, there is an order of all operations that
 * a plain map could have gone through, in which each stands between its call and its answer (Herlihy and Wing 1990).
 */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoatoError, type Dot, type Store } from '../../src/index.ts';
import { simulatedMap } from '../node/simulated-map.ts';

type Action = 'read' | 'make' | 'replace' | 'put' | 'del' | 'delVersion' | 'batch';

const KEYS = ['a', 'b'];
const actions = fc.constantFrom<Action[]>('read', 'make', 'replace', 'put', 'del', 'delVersion', 'batch');
const steps = fc.record({
  client: fc.nat(2),
  action: actions,
  key: fc.constantFrom(...KEYS),
  /** Turns of the event loop before it is called. */
  pause: fc.nat(3),
});
const programs = fc.array(steps, { minLength: 4, maxLength: 9 });

/** What each key holds: the name of a dot. */
type Model = Readonly<Record<string, string | undefined>>;

interface Operation {
  readonly called: number;
  readonly answered: number;
  /** The map after the operation, or `undefined` if its answer would have been another. */
  readonly apply: (before: Model) => Model | undefined;
}

const nameOf = ({ version, actor }: Dot): string => `${version} ${actor}`;

/** Calls `step`, and tells what a plain map must have held, and holds afterwards, for the answer that came. */
async function perform(
  store: Store,
  { action, key }: { readonly action: Action; readonly key: string },
  known: Map<string, Dot>,
): Promise<Operation['apply']> {
  const expected = known.get(key);
  const condition = expected === undefined ? ({ ifAbsent: true } as const) : { ifVersion: expected };
  const wanted = expected && nameOf(expected);
  const wrote = (name: string | undefined, isAsked: (before: Model) => boolean): Operation['apply'] => {
    return (before) => (isAsked(before) ? { ...before, [key]: name } : undefined);
  };
  try {
    switch (action) {
      case 'read': {
        const entry = await store.getEntry(key);
        if (entry === undefined) known.delete(key);
        else known.set(key, { version: entry.version, actor: entry.actor });
        return (before) => (before[key] === (entry && nameOf(entry)) ? before : undefined);
      }
      case 'make': {
        const written = await store.put(key, 1, { ifAbsent: true });
        return wrote(nameOf(written), (before) => before[key] === undefined);
      }
      case 'replace': {
        const written = await store.put(key, 1, condition);
        known.set(key, written);
        return wrote(nameOf(written), (before) => before[key] === wanted);
      }
      case 'put':
        return wrote(nameOf(await store.put(key, 1)), () => true);
      case 'del': {
        const { existed } = await store.del(key);
        return wrote(undefined, (before) => (before[key] !== undefined) === existed);
      }
      case 'delVersion': {
        if (expected === undefined) return (before) => before;
        await store.del(key, { ifVersion: expected });
        return wrote(undefined, (before) => before[key] === wanted);
      }
      case 'batch': {
        const other = KEYS.find((name) => name !== key) as string;
        const operations = [
          { type: 'put', key, value: 1, ...condition },
          { type: 'put', key: other, value: 1 },
        ] as const;
        const { dots } = await store.batch(operations);
        const [own, others] = dots.map(nameOf);
        return (before) => (before[key] === wanted ? { ...before, [key]: own, [other]: others } : undefined);
      }
    }
  } catch (error) {
    if (!(error instanceof BoatoError && error.code === 'CONDITION_FAILED')) throw error;
    const asked = action === 'make' ? undefined : wanted;
    return (before) => (before[key] === asked ? undefined : before);
  }
}

/** Whether some order of `operations` explains all answers (Wing and Gong 1993). */
function isLinearizable(operations: readonly Operation[], model: Model): boolean {
  if (operations.length === 0) return true;
  const firstAnswer = Math.min(...operations.map(({ answered }) => answered));
  return operations.some((operation) => {
    if (operation.called > firstAnswer) return false;
    const after = operation.apply(model);
    const others = operations.filter((other) => other !== operation);
    return after !== undefined && isLinearizable(others, after);
  });
}

test('conditional writes, deletes, batches and reads of three clients are linearizable', async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const { store } = await simulatedMap();
      let time = 0;
      const run = async (client: number): Promise<Operation[]> => {
        const known = new Map<string, Dot>();
        const done: Operation[] = [];
        for (const step of program.filter((one) => one.client === client)) {
          for (let turn = 0; turn < step.pause; turn++) await Promise.resolve();
          const called = time++;
          const apply = await perform(store, step, known);
          done.push({ called, answered: time++, apply });
        }
        return done;
      };
      const operations = (await Promise.all([0, 1, 2].map(run))).flat();
      await store.close();
      expect(isLinearizable(operations, {})).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('the check tells an order that no map could have gone through', () => {
  const make = (called: number, answered: number, name: string): Operation => {
    return { called, answered, apply: (before) => (before['a'] === undefined ? { a: name } : undefined) };
  };
  expect(isLinearizable([make(0, 2, '1'), make(1, 3, '2')], {})).toBe(false);
  const failed: Operation = {
    called: 1,
    answered: 3,
    apply: (before) => (before['a'] === undefined ? undefined : before),
  };
  expect(isLinearizable([make(0, 2, '1'), failed], {})).toBe(true);
  expect(isLinearizable([{ ...failed, called: 0, answered: 1 }, make(2, 3, '1')], {})).toBe(false);
});
