/** Nodes that are gone for good: whoever forgets them for ever must have all that a member had of them. */

import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import { KnownEntries, type KnownEntry } from '../../../src/simulation/checker/known-entries.ts';
import { Ledger } from '../../../src/simulation/checker/ledger.ts';
import { Retirements } from '../../../src/simulation/checker/retirements.ts';
import type { DiskState } from '../../../src/simulation/checker/disk-state.ts';
import type { Retire } from '../../../src/simulation/faults/retire.ts';
import type { Machine } from '../../../src/simulation/machine.ts';
import type { Plan } from '../../../src/simulation/plan.ts';
import { planNamed } from '../../../src/simulation/replay.ts';
import { run, type RunResult } from '../../../src/simulation/run.ts';
import { diskOf, entryOf, type MadeDisk, write } from './made.ts';

const isEverybodyLetIn = vi.hoisted(() => ({ is: false }));

vi.mock(import('../../../src/core/retirement.ts'), async (original) => {
  const retirement = await original();
  return {
    ...retirement,
    isRetired: (...args: Parameters<typeof retirement.isRetired>) =>
      !isEverybodyLetIn.is && retirement.isRetired(...args),
  };
});

const hash64 = await createHash64();

/** Of `gone`, which wrote twice. */
const ONE = { by: 'gone', at: 1, value: 'one' };
const TWO = { by: 'gone', at: 2, value: 'two' };

const PLACE = { machine: 'by', atMs: 1 };

describe('a retirement', () => {
  const [by, other] = ['by', 'other'].map((name) => ({ name, nodeId: name }) as Machine) as [
    Machine,
    Machine,
  ];
  let ledger: Ledger;
  let known: KnownEntries;
  let damaged: Set<KnownEntry>;
  let states: Map<Machine, DiskState>;
  let retirements: Retirements;

  beforeEach(() => {
    ledger = new Ledger();
    known = new KnownEntries(ledger);
    damaged = new Set();
    ledger.onAcknowledged = (written) => known.acknowledged(written, 1);
    states = new Map();
    retirements = new Retirements({ known, stateOf: (machine) => states.get(machine), damaged });
    write(ledger, 'x', ONE);
    write(ledger, 'y', TWO);
  });

  const ALL: MadeDisk = { entries: { x: ONE, y: TWO }, rows: { gone: { received: 2 } } };
  const FIRST: MadeDisk = { entries: { x: ONE }, rows: { gone: { received: 1 } } };

  /** What `by` comes to from what it had, and what another one has. */
  function made(before: MadeDisk, upTo: number, others: readonly MadeDisk[] = []): () => void {
    const state = diskOf({ ...before, rows: { gone: { received: upTo } }, retired: { gone: upTo } });
    return () => retirements.check(by, { before: diskOf(before), state, others: others.map(diskOf) }, PLACE);
  }

  test('that nobody asked for breaks P4', () => {
    expect(made(ALL, 2)).toThrow('P4');
    retirements.beforeAsked(by, 'gone', []);
    expect(made(ALL, 2)).not.toThrow();
  });

  test('that came from another node need not have been asked for', () => {
    expect(made(ALL, 2, [{ rows: {}, retired: { gone: 2 } }])).not.toThrow();
    expect(made(ALL, 2, [{ rows: {}, retired: { gone: 1 } }])).toThrow('P4');
  });

  test('without what a member had when it was asked for, and has still, breaks P4', () => {
    states.set(other, diskOf(ALL));
    retirements.beforeAsked(by, 'gone', [other]);
    expect(made(FIRST, 3)).toThrow('P4');
    states.set(other, diskOf(FIRST));
    expect(made(FIRST, 3)).not.toThrow();
  });

  test('without what is lost, or damaged, breaks nothing', () => {
    states.set(other, diskOf(ALL));
    retirements.beforeAsked(by, 'gone', [other]);
    const two = known.get(entryOf('y', TWO)) as KnownEntry;
    damaged.add(two);
    expect(made(FIRST, 3)).not.toThrow();
    damaged.clear();
    two.isLost = true;
    expect(made(FIRST, 3)).not.toThrow();
  });

  test('forsakes what no member had, as far as it speaks for it', () => {
    const isForsaken = (): boolean[] => [...known.all()].map((entry) => entry.isForsaken);
    retirements.beforeAsked(by, 'gone', []);
    made(FIRST, 1)();
    expect(isForsaken()).toEqual([false, false]);
    made(FIRST, 3)();
    expect(isForsaken()).toEqual([false, true]);
  });

  test('that was confirmed, and is not on the disk, breaks P1, unless that is lost', () => {
    const check = () => retirements.check(by, { before: undefined, state: diskOf(ALL), others: [] }, PLACE);
    retirements.confirmed(other, 'gone');
    expect(check).not.toThrow();
    retirements.confirmed(by, 'gone');
    expect(check).toThrow('P1');
    retirements.lost(by);
    expect(check).not.toThrow();
  });

  test('may never come where something of the node is lost, or what it replaced', () => {
    expect(retirements.mayNeverSettle('gone')).toBe(false);
    (known.get(entryOf('y', TWO)) as KnownEntry).isPastLost = true;
    expect(retirements.mayNeverSettle('gone')).toBe(true);
    expect(retirements.mayNeverSettle('by')).toBe(false);
  });
});

const GOES: Retire = {
  machine: 3,
  by: 1,
  ending: 'power',
  witness: 2,
  aloneMs: 3000,
  witnessMs: 40_000,
  afterMs: 2000,
  insists: false,
};

/** Three calm nodes and one that goes. */
function runOf(goes: Retire): Promise<RunResult> {
  const { steps, ...calm } = planNamed({ seed: 1, nodes: 4, profile: 'calm', minutes: 0.3 });
  const fault = { kind: 'retire', ...goes } as const;
  const plan: Plan = {
    ...calm,
    forMs: 60_000,
    steps: [...steps, { number: steps.length, type: 'fault', atMs: 8000, fault }],
    profile: { ...calm.profile, options: { ...calm.profile.options, seeds: 1 } },
  };
  return run(plan, hash64);
}

describe('a machine that is gone', () => {
  test('and wrote when one other could hear it: the others wait for that one, and all agree', async () => {
    const { failure, fired } = await runOf(GOES);
    expect(failure).toBe(undefined);
    expect(fired).toMatchObject({ retired: 1, refused: 1 });
    expect(fired['unsettled']).toBeGreaterThan(0);
  });

  test('and comes back under its name, and is let in, breaks P4', async () => {
    isEverybodyLetIn.is = true;
    onTestFinished(() => void (isEverybodyLetIn.is = false));
    const { failure } = await runOf({ ...GOES, ending: 'leave', witness: undefined });
    expect(failure?.what).toContain('P4: n3 is retired, and was let in again');
  });
});
