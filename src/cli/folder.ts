/** What stands in the way of a folder, said before, or in place of, what the database says. */

import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BoatoError } from '../core/errors.ts';
import { type CliError, failure } from './cli-error.ts';

/** What a store, its node, or the making of a store (a restore that was killed, too) leaves in its folder. */
const OWN =
  /^(?:db|ballast|initialized|holder\.json|node\.json|stopped\.json|salvage|restore|socket)(?:\.|$)/u;

/** What a system or a person puts into folders that count as empty. */
const IGNORED: ReadonlySet<string> = new Set(['lost+found', '.DS_Store', '.gitkeep', '.gitignore']);

/** Whether there is a store in `dir`: the marker, or, where the marker was lost or not written yet, a database. */
export async function hasStore(dir: string): Promise<boolean> {
  for (const path of ['initialized', join('db', 'CURRENT')]) {
    try {
      await access(join(dir, path), constants.F_OK);
      return true;
    } catch (error) {
      if (!isAbsent(error)) throw folderFailure(dir, error);
    }
  }
  return false;
}

/** Throws one sentence if no store can be opened, or made, in `dir`. Makes nothing. */
export async function checkFolder(dir: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(dir);
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!isAbsent(error)) throw folderFailure(dir, error);
    await checkParent(dir);
    return;
  }
  if (names.some((name) => OWN.test(name))) return;
  const foreign = names.find((name) => !IGNORED.has(name));
  if (foreign === undefined) return;
  throw failure(
    `The folder ${dir} holds no store, but other things such as ${JSON.stringify(foreign)}: name an empty or a new folder with --data.`,
  );
}

/** The nearest folder above `dir` that is there must take a new one. */
async function checkParent(dir: string): Promise<void> {
  for (let at = dirname(resolve(dir)); ; at = dirname(at)) {
    try {
      const found = await stat(at);
      if (!found.isDirectory()) throw notAFolder(at);
      await access(at, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      if (isAbsent(error) && at !== dirname(at)) continue;
      throw folderFailure(dir, error, 'made');
    }
  }
}

/** The sentence for an error of the system about `dir`; other errors as they are. */
export function folderFailure(dir: string, error: unknown, verb: 'opened' | 'made' = 'opened'): unknown {
  const reason = reasonOf((error as NodeJS.ErrnoException | undefined)?.code);
  if (reason === undefined || error instanceof BoatoError) return error;
  return failure(`The folder ${dir} cannot be ${verb}: ${reason}.`, error);
}

/** Puts what LevelDB, or the system below it, says of a folder into words that say what to do. */
export function openingFailure(dir: string, error: unknown): unknown {
  if (!(error instanceof BoatoError) || error.code !== 'STORE_UNREADABLE') return folderFailure(dir, error);
  const reason = reasonOf((error.cause as NodeJS.ErrnoException | undefined)?.code) ?? reasonInWords(error);
  return reason === undefined ? error : failure(`The store in ${dir} cannot be opened: ${reason}.`, error);
}

function reasonOf(code: string | undefined): string | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'it is not permitted; give your user the right to read and write it, or choose another with --data';
    case 'EROFS':
      return 'its file system is read-only; choose another folder with --data';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'there is a file where a folder should be; name a folder with --data';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'its disk is full; make room, then try again';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open; raise the limit (`ulimit -n`), then try again';
    case 'ENAMETOOLONG':
      return 'its path is too long; choose another folder with --data';
    case 'EIO':
      return 'its disk does not answer as it should; look after the disk';
    default:
      return undefined;
  }
}

const WORDS: readonly (readonly [words: string, code: string])[] = [
  ['Permission denied', 'EACCES'],
  ['Operation not permitted', 'EPERM'],
  ['Read-only file system', 'EROFS'],
  ['Not a directory', 'ENOTDIR'],
  ['File exists', 'EEXIST'],
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['Too many open files', 'EMFILE'],
  ['Input/output error', 'EIO'],
];

/** LevelDB passes on the words of the system without its code. */
function reasonInWords({ message }: BoatoError): string | undefined {
  return reasonOf(WORDS.find(([words]) => message.includes(words))?.[1]);
}

function notAFolder(path: string): CliError {
  return failure(`${path} is a file: name a folder with --data.`);
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
