/**
 * What a power loss leaves of a folder, on a file system with an ordered journal (ext4, XFS): of each file what was synced,
 * and any part of what came after; of what was done to names (made, renamed, removed) all that was done before the last
 * sync of anything, and any number of what came after, in order.
 */

import { mkdir, writeFile } from 'node:fs/promises';
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
  | { readonly do: 'unlink' | 'mkdir'; readonly path: string };

export class JournalledDisk {
  readonly #folder: string;
  /** As the process sees it. */
  readonly #seen = new Map<string, File>();
  readonly #changes: NameChange[] = [];
  /** So many changes of names are safe. */
  #committed = 0;
  /** By the number of a sync that is under way. */
  readonly #syncs = new Map<number, { readonly file: File | undefined; readonly length: number; readonly changes: number }>();

  /** `folder`: absolute path; empty, or not there. */
  constructor(folder: string) {
    this.#folder = folder;
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
        this.#changes.push({ do: 'mkdir', path: event.path });
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
    const files = new Map<string, File>();
    const folders = new Set<string>();
    for (const change of this.#changes.slice(0, among(this.#committed, this.#changes.length))) {
      if (change.do === 'place') files.set(change.path, change.file);
      else if (change.do === 'rename') this.#rename(files, change);
      else if (change.do === 'unlink') files.delete(change.path);
      else folders.add(change.path);
    }
    const at = (path: string): string => join(target, relative(this.#folder, path));
    for (const folder of folders) await mkdir(at(folder), { recursive: true });
    for (const [path, file] of files) {
      await mkdir(dirname(at(path)), { recursive: true });
      const content = Buffer.concat(file.pieces).subarray(0, among(file.syncedLength, file.length));
      await writeFile(at(path), content);
    }
  }

  #place(path: string): void {
    const file: File = { pieces: [], length: 0, syncedLength: 0 };
    this.#seen.set(path, file);
    this.#changes.push({ do: 'place', path, file });
  }

  /** A file, or a folder with all that is in it. */
  #rename(files: Map<string, File>, { from, to }: { readonly from: string; readonly to: string }): void {
    const moved = [...files].filter(([path]) => path === from || path.startsWith(`${from}/`));
    if (moved.length === 0) throw new Error(`${from} was renamed, and is not there`);
    for (const [path] of moved) files.delete(path);
    for (const [path, file] of moved) files.set(to + path.slice(from.length), file);
  }
}
