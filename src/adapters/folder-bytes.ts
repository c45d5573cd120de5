/** What a folder takes on the disk. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files in `folder` and below it, as far as they are still there when they are looked at. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (file) => file.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}
