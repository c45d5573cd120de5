/** What survives a power loss: the content of a file, and the names in a folder, once they were synced. */

import { open } from 'node:fs/promises';

/** What was renamed in it, or removed, stays so. */
export async function syncFolder(dir: string): Promise<void> {
  await syncFile(dir);
}

export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
