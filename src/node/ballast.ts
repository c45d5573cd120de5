/** A file that does nothing but take room: given back on a full disk, so that LevelDB can open its database again. */

import { randomFillSync } from 'node:crypto';
import { open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BoatoError } from '../core/errors.ts';

const MIB = 2 ** 20;

/**
 * Opening writes what is in LevelDB's logs into tables before it deletes the logs. There are two when there was no room
 * for the table of the older one, each with a write buffer of 16 MiB and the commit that overfilled it: 8 MiB, seldom
 * more. Were it smaller, a store that was stopped on a full disk could often not be opened before somebody made room.
 */
export const BALLAST_BYTES: number = 2 * (16 + 8) * MIB;

/** What opening writes beside the tables: manifest, a new log, table indexes. */
const OPENING_BYTES = 2 * MIB;

/** What is left for writes when the ballast is there. */
const LEFT_BYTES_MIN = 16 * MIB;

/** Random once, and repeated at a distance at which no file system looks for repetitions. */
const PIECE_BYTES = MIB;

const NAME = 'ballast';

export class Ballast {
  readonly #dir: string;
  readonly #path: string;

  /** `dir`: the node's folder. */
  constructor(dir: string) {
    this.#dir = dir;
    this.#path = join(dir, NAME);
  }

  /** Written, not reserved, unless it is there: a sparse file takes no room. Called off, it leaves none. */
  async fill(isCalledOff: () => boolean): Promise<void> {
    if ((await this.#bytes()) === BALLAST_BYTES) return;
    await this.giveBack();
    const free = await freeBytes(this.#dir);
    if (free < BALLAST_BYTES + LEFT_BYTES_MIN) throw noRoom(BALLAST_BYTES + LEFT_BYTES_MIN, free);
    try {
      if (!(await writeRandom(this.#path, isCalledOff))) await this.giveBack();
    } catch (error) {
      await this.giveBack();
      throw error;
    }
  }

  /** Whether there was one. */
  async giveBack(): Promise<boolean> {
    const isThere = (await this.#bytes()) > 0;
    await rm(this.#path, { force: true });
    return isThere;
  }

  /** Runs `work`; if that fails because the disk is full, gives the ballast back, and runs it once more. */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isDiskFull(error) || !(await this.giveBack())) throw error;
      return work();
    }
  }

  /** Fails if the database beside it, once closed, could not be opened again, as far as that can be told. */
  async checkReopening(database: string): Promise<void> {
    await this.#tryToWrite();
    const needed = (await logBytes(database)) + OPENING_BYTES;
    const free = (await freeBytes(this.#dir)) + (await this.#bytes());
    if (free < needed) throw noRoom(needed, free);
  }

  /** Fails if there is next to no room. */
  async checkRoom(): Promise<void> {
    const free = await freeBytes(this.#dir);
    if (free < LEFT_BYTES_MIN) throw noRoom(LEFT_BYTES_MIN, free);
  }

  /** A full disk is another matter: the ballast would be given back. */
  async #tryToWrite(): Promise<void> {
    const path = `${this.#path}.tmp`;
    try {
      const file = await open(path, 'w', 0o600);
      try {
        await file.writeFile('whether anything can be written');
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    } finally {
      await rm(path, { force: true }).catch(() => undefined);
    }
  }

  async #bytes(): Promise<number> {
    return stat(this.#path).then(
      ({ size }) => size,
      () => 0,
    );
  }
}

/** Of this user. */
async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** What is in the logs of LevelDB. */
async function logBytes(database: string): Promise<number> {
  const logs = (await readdir(database)).filter((name) => name.endsWith('.log'));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(database, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Whether it was written to its end. */
async function writeRandom(path: string, isCalledOff: () => boolean): Promise<boolean> {
  const piece = randomFillSync(new Uint8Array(PIECE_BYTES));
  const file = await open(path, 'w', 0o600);
  try {
    for (let written = 0; written < BALLAST_BYTES; written += PIECE_BYTES) {
      if (isCalledOff()) return false;
      await file.writeFile(piece);
    }
    await file.datasync();
    return true;
  } finally {
    await file.close();
  }
}

function noRoom(needed: number, free: number): BoatoError {
  const mib = (bytes: number): number => Math.round(bytes / MIB);
  return new BoatoError(
    'STORE_FENCED',
    `The disk has too little room: ${mib(needed)} MiB must be free, and ${mib(free)} MiB are.`,
  );
}

const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
/** LevelDB passes on the words of the system without its code. */
const FULL_WORDS = ['No space left on device', 'Disk quota exceeded'];

/** Whether `error`, or what caused it, is that the disk is full. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isFull =
    FULL_CODES.has((error as NodeJS.ErrnoException).code) ||
    FULL_WORDS.some((words) => error.message.includes(words));
  return isFull || isDiskFull(error.cause);
}
