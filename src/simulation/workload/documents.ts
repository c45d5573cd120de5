/** A document that all nodes write: words are inserted between others, and erased; nobody writes within a word. */

import { Doc } from 'yjs';
import { BoatoError } from '../../core/errors.ts';
import type { Node } from '../../node/api.ts';
import type { Random } from '../../ports/random.ts';
import { prefixOf } from '../../views/registers.ts';
import { UpdateLog } from '../../views/update-log.ts';
import { DOCUMENT, wordsOf } from '../checker/document-check.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { isChosen } from '../streams.ts';
import { ledgerStore } from './ledger-store.ts';

export interface Noting {
  readonly kind: 'noting';
  readonly erases: boolean;
  /** Which word is erased, or before which one the new one comes, from 0 to 1 of them. */
  readonly at: number;
}

/** So few that entries are put together now and then. */
const ENTRIES_MIN = 4;

export function drawNoting(random: Random): Noting {
  return { kind: 'noting', erases: isChosen(random, 0.25), at: random.fraction() };
}

export async function note(scene: Scene, machine: Machine, { erases, at }: Noting): Promise<void> {
  try {
    const document = await documentOn(scene, machine);
    if (document === undefined) return;
    const { documentCheck, world } = scene;
    const askedAtMs = world.time.nowMs;
    const text = document.doc.getText();
    const words = wordsOf(text.toJSON());
    const before = words.slice(0, Math.floor(at * (words.length + 1)));
    const place = before.join('').length;
    const erased = words[before.length];
    const word = documentCheck.nextWord();
    if (!erases) text.insert(place, word);
    else if (erased !== undefined) {
      documentCheck.erased(erased);
      text.delete(place, erased.length);
    }
    await document.saved();
    if (!erases) documentCheck.saved(word, { machine, askedAtMs });
    scene.count('notes');
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
  }
}

/** Of each process that has opened it. */
const documentByNode = new WeakMap<Node, Promise<UpdateLog>>();

/** `undefined` if the machine is not up. Fails as opening it does, and is tried again the next time. */
export async function documentOn(scene: Scene, machine: Machine): Promise<UpdateLog | undefined> {
  const node = machine.running?.node;
  if (node === undefined) return undefined;
  const opened = documentByNode.get(node) ?? open(scene, machine, node);
  documentByNode.set(node, opened);
  try {
    return await opened;
  } catch (error) {
    documentByNode.delete(node);
    throw error;
  }
}

async function open(scene: Scene, machine: Machine, node: Node): Promise<UpdateLog> {
  const random = scene.documentCheck.chance;
  const doc = new Doc();
  doc.clientID = random.uint32();
  const store = ledgerStore(scene, machine, node);
  const onUnsaved = (): void => scene.count('notesUnsaved');
  const document = new UpdateLog(doc, {
    store,
    prefix: prefixOf(DOCUMENT),
    random,
    entriesMin: ENTRIES_MIN,
    onUnsaved,
  });
  await document.open();
  // It follows no more: who goes on opens it again.
  void document.stopped.then(() => documentByNode.delete(node));
  return document;
}
