/** Where the node of a folder can be found: `node.json` beside its data names the process and its socket. */

import { lstat, mkdtemp, readFile, rename, rmdir, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { BoatoError } from '../core/errors.ts';

/**
 * Longest path of a socket in bytes. `sun_path` holds 104 (macOS) or 108 (Linux) with a final zero; a longer path is cut
 * off without an error.
 */
export const SOCKET_PATH_BYTES_MAX = 100;

const RUNTIME_FOLDER_PREFIX = 'boato-';

export interface Rendezvous {
  readonly pid: number;
  /** Absolute path of the Unix domain socket. */
  readonly socket: string;
  /** Where peers reach the node: `host:port`. */
  readonly address: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

export function rendezvousPath(dir: string): string {
  return join(resolve(dir), 'node.json');
}

/** Where clients look when there is no readable `node.json`. */
export function defaultSocketPath(dir: string): string {
  return join(resolve(dir), 'socket');
}

/** What `node.json` says; `undefined` if there is none, or it cannot be understood. */
export async function readRendezvous(dir: string): Promise<Rendezvous | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(rendezvousPath(dir), 'utf8'));
    if (typeof json !== 'object' || json === null) return undefined;
    const { pid, socket, address = '', startedAt = '' } = json as Partial<Rendezvous>;
    return typeof pid === 'number' && typeof socket === 'string'
      ? { pid, socket, address, startedAt }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: a reader sees all of it or the one before. */
export async function writeRendezvous(dir: string, rendezvous: Rendezvous): Promise<void> {
  const path = rendezvousPath(dir);
  const aside = `${path}.${rendezvous.pid}.tmp`;
  await writeFile(aside, `${JSON.stringify(rendezvous, null, 2)}\n`, { mode: 0o600 });
  await rename(aside, path);
}

/**
 * A path for the socket: in the folder, or, where that is too long, in a new private folder (0700).
 * Only for the holder of the folder's lock.
 */
export async function chooseSocketPath(dir: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const inFolder = defaultSocketPath(dir);
  if (isSocketPath(inFolder)) return inFolder;
  const roots = [env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp'];
  for (const root of roots) {
    if (
      root === undefined ||
      root === '' ||
      !isSocketPath(join(resolve(root), `${RUNTIME_FOLDER_PREFIX}XXXXXX`, 'socket'))
    )
      continue;
    try {
      return join(await mkdtemp(join(resolve(root), RUNTIME_FOLDER_PREFIX)), 'socket');
    } catch {
      continue;
    }
  }
  const message = `There is no place for the node's socket: ${dir} is too long, and no runtime folder can be written.`;
  throw new BoatoError('LISTEN_FAILED', message);
}

/** Removes what a node of this folder left behind, a crashed one too. Only for the holder of the folder's lock. */
export async function removeRendezvous(dir: string): Promise<void> {
  const old = await readRendezvous(dir);
  await removeSocket(defaultSocketPath(dir));
  if (old !== undefined && old.socket !== defaultSocketPath(dir)) {
    await removeSocket(old.socket);
    const folder = dirname(old.socket);
    if (basename(folder).startsWith(RUNTIME_FOLDER_PREFIX)) await ignoreFailure(rmdir(folder));
  }
  await ignoreFailure(unlink(rendezvousPath(dir)));
}

/** Removes nothing but a socket, whatever the file that named it says. */
async function removeSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() === true) await ignoreFailure(unlink(path));
}

/** Whether `path` is short enough to be bound, and to be connected to. */
export function isSocketPath(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX;
}

async function ignoreFailure(done: Promise<unknown>): Promise<void> {
  await done.catch(() => undefined);
}
