/** Folders for one test: empty, private, removed afterwards. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** The absolute path of a new folder, removed when the running test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await makeTemporaryFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** For hooks, which have no test that finishes. */
export function makeTemporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'boato-test-'));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Resolves when there is something at `path`, in a folder that exists. */
export async function appears(path: string): Promise<void> {
  const stop = new AbortController();
  const changes = watch(dirname(path), { signal: stop.signal })[Symbol.asyncIterator]();
  let change = changes.next();
  while (!existsSync(path)) {
    await change;
    change = changes.next();
  }
  stop.abort();
  await change.catch(() => undefined);
}
