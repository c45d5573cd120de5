/**
 * What the files of a database are, noted beside it before it is closed. LevelDB opens without an error where its log was
 * cut, emptied or removed, or a byte in it flipped, and lacks what was there: what is left fits together, as in an old
 * backup, so no checksum of ours tells. After a stop that left no note (a kill, a power loss) nothing can be compared.
 *
 * 1. The note is written with the database's lock held, after the last write: the newest log does not change any more, and
 *    the manifest only grows.
 * 2. It is gone for good before the database is opened, and so changed. Only where it does not match it stays, until the
 *    store itself knows of the damage.
 */

import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncFile } from './sync.ts';

const NAME = 'stopped.json';
const PIECE_BYTES = 2 ** 20;

/** A file, or the beginning of one. */
interface Noted {
  readonly name: string;
  readonly bytes: number;
  readonly crc: number;
  /** It may have grown since. */
  readonly grows: boolean;
}

/** As it is on disk; `undefined` if there is none. */
export async function readStopNote(dir: string): Promise<string | undefined> {
  return readFile(join(dir, NAME), 'utf8').catch(() => undefined);
}

/** What is another way than `note` has it, as the beginning of a sentence; `undefined` if nothing is. */
export async function differenceFrom(note: string, database: string): Promise<string | undefined> {
  const files = parsed(note);
  const looks = await Promise.all(
    files.map(({ name, bytes }) => look(join(database, name), bytes).catch(() => undefined)),
  );
  for (const [at, { name, bytes, crc, grows }] of files.entries()) {
    const path = join(database, name);
    const found = looks[at];
    if (found === undefined) return `The file ${path} is gone, or cannot be read`;
    if (grows ? found.length < bytes : found.length !== bytes)
      return `The file ${path} has ${found.length} bytes, and had ${bytes} when the store was closed`;
    if (found.crc !== crc) return `The file ${path} is not what it was when the store was closed`;
  }
  return undefined;
}

/** What it speaks of is on disk before it is. A note that a power loss takes, or cuts, is no harm. */
export async function writeStopNote(dir: string, database: string): Promise<void> {
  const names = await readdir(database);
  const log = newest(names, /^(?<number>\d+)\.log$/u);
  const manifest = newest(names, /^MANIFEST-(?<number>\d+)$/u);
  if (log === undefined || manifest === undefined) return;
  await syncFile(join(database, log));
  const files: readonly Noted[] = [
    await noted(database, log, false),
    await noted(database, manifest, true),
    await noted(database, 'CURRENT', false),
  ];
  const path = join(dir, NAME);
  await writeFile(`${path}.tmp`, JSON.stringify({ files, crc: crcOf(files) }), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

export async function removeStopNote(dir: string): Promise<void> {
  await rm(join(dir, NAME), { force: true });
}

/** Nothing, if it was not written to its end, or is damaged itself. */
function parsed(note: string): readonly Noted[] {
  try {
    const { files, crc } = JSON.parse(note) as { readonly files: readonly Noted[]; readonly crc: number };
    return crc === crcOf(files) ? files : [];
  } catch {
    return [];
  }
}

function crcOf(files: readonly Noted[]): number {
  return crc32(JSON.stringify(files));
}

function newest(names: readonly string[], form: RegExp): string | undefined {
  const number = (name: string): number => Number(form.exec(name)?.groups?.['number']);
  return names.filter((name) => form.test(name)).toSorted((a, b) => number(b) - number(a))[0];
}

async function noted(database: string, name: string, grows: boolean): Promise<Noted> {
  const { length, crc } = await look(join(database, name), Number.POSITIVE_INFINITY);
  return { name, bytes: length, crc, grows };
}

/** How long a file is, and the checksum of its first `bytes`. */
async function look(path: string, bytes: number): Promise<{ readonly length: number; readonly crc: number }> {
  const file = await open(path);
  try {
    const { size: length } = await file.stat();
    const end = Math.min(bytes, length);
    const buffer = new Uint8Array(Math.min(end, PIECE_BYTES));
    let crc = 0;
    for (let at = 0; at < end;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) break;
      crc = crc32(buffer.subarray(0, bytesRead), crc);
      at += bytesRead;
    }
    return { length, crc };
  } finally {
    await file.close();
  }
}
