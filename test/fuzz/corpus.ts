/** Inputs that are kept: `test/fuzz/corpus/TARGET/NAME`, small files with which every run begins. */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TARGETS } from './targets.ts';

export const CORPUS = 'test/fuzz/corpus';

export interface CorpusInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** In the order of their names. */
export async function readCorpus(target: string): Promise<readonly CorpusInput[]> {
  const folder = join(CORPUS, target);
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(join(folder, name))) })),
  );
}

/** The well-formed inputs of every target, in the place of those that were there. */
export async function writeSeeds(): Promise<void> {
  for (const [target, { seeds }] of Object.entries(TARGETS)) {
    await mkdir(join(CORPUS, target), { recursive: true });
    for (const [name, bytes] of Object.entries(seeds()))
      await writeFile(join(CORPUS, target, `seed-${name.replaceAll(/\W+/g, '-')}`), bytes);
  }
}

/** `why`: `reached` new code, or `broke` a promise. */
export async function keepInput(target: string, why: 'reached' | 'broke', bytes: Uint8Array): Promise<void> {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  await writeFile(join(CORPUS, target, `${why}-${hash}`), bytes);
}
