/** Where the examples of the documents are run: as by a reader who has just installed the package. */

import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const PACKAGE: string = fileURLToPath(new URL('../../', import.meta.url));

export interface ReadersFolder {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A folder in which `boato` and a library of schemas are installed and `store` is on the path. */
export async function readersFolder(): Promise<ReadersFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'boato-readme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(PACKAGE, join(folder, 'node_modules', 'boato'));
  await symlink(join(PACKAGE, 'node_modules', 'valibot'), join(folder, 'node_modules', 'valibot'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const script = `#!/bin/sh\nexec "${process.execPath}" "${join(PACKAGE, 'bin', 'store.js')}" "$@"\n`;
  await writeFile(join(bin, 'store'), script);
  await chmod(join(bin, 'store'), 0o755);
  return { folder, env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' } };
}
