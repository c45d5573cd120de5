/** The folder and its disk, as the file system shows them. */

import { access, constants, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorMessage } from '../../server/error-message.ts';
import { folderBytes } from '../../adapters/folder-bytes.ts';
import { checkFolder, folderFailure, hasStore } from '../folder.ts';
import { size } from '../units.ts';
import { type Finding, ok, problem, RESTORE, warning } from './finding.ts';

const MIB = 2 ** 20;

/** With less a node soon refuses writes, and a database has hardly the room that it needs to open. */
const FREE_BYTES_MIN = 64 * MIB;
const FREE_BYTES_COMFORTABLE = 1024 * MIB;

export async function folderFinding(dir: string): Promise<Finding> {
  const path = resolve(dir);
  try {
    await checkFolder(dir);
    if (!(await hasStore(dir))) {
      const advice = 'name another folder with --data, or begin one with `store serve`';
      return warning('folder', `there is no store in ${path}`, advice);
    }
    await access(join(path, 'db', 'CURRENT'), constants.R_OK | constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return problem('folder', `the database in ${path} is missing`, RESTORE);
    }
    return { mark: 'problem', subject: 'folder', message: errorMessage(folderFailure(dir, error)) };
  }
  return ok('folder', `${path} holds a store, and can be written`);
}

/** `free` is what the system says is left for this user; given by tests. */
export async function diskFinding(dir: string, free: typeof freeBytes = freeBytes): Promise<Finding> {
  const bytes = folderBytes(join(dir, 'db')).catch(() => undefined);
  const [left, used] = await Promise.all([free(dir), bytes]);
  const message = `${size(left)} free${used === undefined ? '' : `, the store takes ${size(used)}`}`;
  if (left < FREE_BYTES_MIN) return problem('disk', message, 'make room: writes are soon refused');
  if (left < Math.max(FREE_BYTES_COMFORTABLE, used ?? 0)) {
    return warning('disk', message, 'make room: compactions and backups need some, too');
  }
  return ok('disk', message);
}

async function freeBytes(dir: string): Promise<number> {
  for (let at = resolve(dir); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (at === dirname(at)) throw error;
    }
  }
}
