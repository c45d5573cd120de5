/**
 * What a power loss leaves of a folder, on a file system with an ordered journal (ext4, XFS): of each file what was synced,
 * and any part of what came after; of what was done to names (made, renamed, removed) all that was done before the last
 * sync of anything, and any number of what came after, in order.
 */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Random } from '../../../src/ports/random.ts';
import type { FileEvent } from './trace.ts';

/** What the disk keeps beyond what it must. */
export type Luck = 'nothing more' | 'anything' | 'all';

interface File {
  pieces: Uint8Array[];
  length: number;
  syncedLength: number;
}

type NameChange =
  | { readonly do: 'place'; readonly path: string; readonly file: File }
  | { readonly do: 'rename'; readonly from: string; readonly to: string }
  | { readonly do: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string };

export class JournalledDisk {
  readonly #folder: string;
  /** As the process sees it. */
  readonly #seen = new Map<string, File>();
  readonly #changes: NameChange[] = [];
  /** So many changes of names are safe. */
  #committed = 0;
  /** By the number of a sync that is under way. */
  readonly #syncs = new Map<
    number,
    { readonly file: File | undefined; readonly length: number; readonly changes: number }
  >();

  /** `folder`: absolute path. What is in it is loaded, or there is nothing. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What is there, and safe, before the process begins. */
  async load(): Promise<void> {
    for (const entry of await readdir(this.#folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) this.#changes.push({ do: 'mkdir', path });
      else {
        const bytes = await readFile(path);
        const file = this.#place(path);
        file.pieces.push(bytes);
        file.length = file.syncedLength = bytes.length;
      }
    }
    this.#committed = this.#changes.length;
  }

  apply(event: FileEvent): void {
    switch (event.do) {
      case 'open':
        if (event.truncates || (event.creates && !this.#seen.has(event.path))) this.#place(event.path);
        return;
      case 'write': {
        const file = this.#seen.get(event.path);
        if (file === undefined) throw new Error(`${event.path} was written, and never made`);
        file.pieces.push(event.bytes);
        file.length += event.bytes.length;
        return;
      }
      case 'sync begins': {
        const file = this.#seen.get(event.path);
        const begun = { file, length: file?.length ?? 0, changes: this.#changes.length };
        this.#syncs.set(event.sync, begun);
        return;
      }
      case 'sync ended': {
        const begun = this.#syncs.get(event.sync);
        if (begun === undefined) throw new Error('a sync ended that never began');
        const { file, length, changes } = begun;
        if (file !== undefined) file.syncedLength = Math.max(file.syncedLength, length);
        this.#committed = Math.max(this.#committed, changes);
        return;
      }
      case 'rename':
        this.#rename(this.#seen, event);
        this.#changes.push({ do: 'rename', from: event.from, to: event.to });
        return;
      case 'unlink':
        this.#seen.delete(event.path);
        this.#changes.push({ do: 'unlink', path: event.path });
        return;
      case 'mkdir':
      case 'rmdir':
        this.#changes.push({ do: event.do, path: event.path });
        return;
      case 'print':
        return;
    }
  }

  /** Writes what is left into `target`, which must not be there. */
  async afterPowerLoss(target: string, luck: Luck, random: Random): Promise<void> {
    const among = (least: number, most: number): number => {
      if (luck !== 'anything') return luck === 'all' ? most : least;
      const fraction = random.fraction() * 3 - 1;
      return Math.round(least + (most - least) * Math.min(1, Math.max(0, fraction)));
    };
    const files = new Map<string, File | 'folder'>();
    for (const change of this.#changes.slice(0, among(this.#committed, this.#changes.length))) {
      if (change.do === 'place') files.set(change.path, change.file);
      else if (change.do === 'rename') this.#rename(files, change);
      else if (change.do === 'mkdir') files.set(change.path, 'folder');
      else files.delete(change.path);
    }
    const at = (path: string): string => join(target, relative(this.#folder, path));
    for (const [path, file] of files) {
      if (file === 'folder') {
        await mkdir(at(path), { recursive: true });
        continue;
      }
      await mkdir(dirname(at(path)), { recursive: true });
      const content = Buffer.concat(file.pieces).subarray(0, among(file.syncedLength, file.length));
      await writeFile(at(path), content);
    }
  }

  #place(path: string): File {
    const file: File = { pieces: [], length: 0, syncedLength: 0 };
    this.#seen.set(path, file);
    this.#changes.push({ do: 'place', path, file });
    return file;
  }

  /** A file, or a folder with all that is in it. */
  #rename<T>(files: Map<string, T>, { from, to }: { readonly from: string; readonly to: string }): void {
    const moved = [...files].filter(([path]) => path === from || path.startsWith(`${from}/`));
    for (const [path] of moved) files.delete(path);
    for (const [path, file] of moved) files.set(to + path.slice(from.length), file);
  }
}
