/** Where all agree, every node shows what its disk makes of counters, set and document, with all that was acknowledged. */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { documentOn } from '../workload/documents.ts';
import { prefixOf } from '../../views/registers.ts';
import { counterOn, SET, setOn } from '../workload/views.ts';
import { BrokenPromise, type PromiseName } from './broken-promise.ts';
import { COUNTERS } from './counter-check.ts';
import type { PresentEntry } from './disk-state.ts';
import { contentOn, DOCUMENT, wordsOf } from './document-check.ts';

const AGREE_WITHIN_MS = 60_000;

/** What is on disk comes to a document that is open. */
const FOLLOW_WITHIN_MS = 10_000;

/** Throws `BrokenPromise`. */
export async function checkViews(scene: Scene): Promise<void> {
  const { world, checker } = scene;
  // Changes that could not be stored at their time.
  for (const machine of world.machines) await world.through(saveDocument(scene, machine));
  if ((await world.until(() => world.agree(), 100, AGREE_WITHIN_MS)) === undefined)
    throw broken(scene, 'P3', `the nodes do not agree again after ${AGREE_WITHIN_MS} ms`);
  await checker.atEnd();
  for (const machine of world.machines) {
    const state = checker.stateOf(machine);
    // Of a damaged disk nothing can be said.
    if (state === undefined) continue;
    const entries = [...state.entryByKey.values()];
    await checkDocument(scene, machine, entries);
    await world.through(checkCounters(scene, machine, entries));
    await world.through(checkSet(scene, machine, entries));
  }
}

async function saveDocument(scene: Scene, machine: Machine): Promise<void> {
  const document = await documentOn(scene, machine);
  await document?.saved();
}

async function checkDocument(
  scene: Scene,
  machine: Machine,
  entries: readonly PresentEntry[],
): Promise<void> {
  const { world, checker, documentCheck } = scene;
  const content = contentOn(entries);
  const { text: expected, isPending } = content;
  const missing = checker.fates && documentCheck.missingWord(content, checker.fates);
  if (missing !== undefined)
    throw broken(scene, 'P4', `${missing} was saved, and is not in the document`, machine, DOCUMENT);
  const shown = { text: (): string | undefined => undefined };
  await world.through(
    documentOn(scene, machine).then((document) => {
      shown.text = () => document?.doc.getText().toJSON();
    }),
  );
  // One that is open goes on showing what was lost, and what builds on it; of what builds on it the disk shows nothing.
  const isShown = (): boolean => isPending && containsWords(shown.text(), expected);
  await world.until(() => shown.text() === expected || isShown(), 100, FOLLOW_WITHIN_MS);
  if (!isShown()) checkSame(scene, machine, DOCUMENT, [shown.text(), expected]);
}

function containsWords(text: string | undefined, words: string): boolean {
  return text !== undefined && wordsOf(words).every((word) => text.includes(word));
}

async function checkCounters(
  scene: Scene,
  machine: Machine,
  entries: readonly PresentEntry[],
): Promise<void> {
  for (const counter of COUNTERS) {
    const value = await counterOn(scene, machine, counter)?.value();
    const expected = entries.reduce((sum, entry) => sum + shareOf(entry, counter), 0);
    checkSame(scene, machine, counter, [value, expected]);
    scene.counterCheck.checkShownAtEnd(machine, counter, expected);
  }
}

async function checkSet(scene: Scene, machine: Machine, entries: readonly PresentEntry[]): Promise<void> {
  const members: string[] = [];
  for await (const member of setOn(scene, machine)?.members() ?? []) members.push(member);
  const expected = entries
    .filter(({ key, tombstone }) => key.startsWith(prefixOf(SET)) && !tombstone)
    .map(({ key }) => key.slice(prefixOf(SET).length));
  checkSame(scene, machine, SET, [members.toSorted(), expected.toSorted()]);
}

/** What an entry adds to a counter. */
function shareOf({ key, value }: PresentEntry, counter: string): number {
  if (!key.startsWith(prefixOf(counter)) || value === undefined) return 0;
  const { increments, decrements } = JSON.parse(value) as Record<'increments' | 'decrements', number>;
  return increments - decrements;
}

function checkSame(
  scene: Scene,
  machine: Machine,
  key: string,
  [shown, expected]: readonly [unknown, unknown],
): void {
  if (JSON.stringify(shown) === JSON.stringify(expected)) return;
  const what = `${JSON.stringify(shown)} is shown of what is ${JSON.stringify(expected)} on disk`;
  throw broken(scene, 'P3', what, machine, key);
}

function broken(
  { world }: Scene,
  promise: PromiseName,
  what: string,
  machine?: Machine,
  key?: string,
): BrokenPromise {
  return new BrokenPromise(promise, what, { machine: machine?.name, key, atMs: world.time.nowMs });
}
