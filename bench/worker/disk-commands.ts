/** How much a folder takes on disk. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const diskCommands = {
  /** Lengths of all files below `dir`. Files that vanish meanwhile do not count. */
  async diskBytes(dir: string): Promise<number> {
    const files = await readdir(dir, { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) =>
          stat(join(file.parentPath, file.name)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  },
};
