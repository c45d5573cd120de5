/** Imports lines of JSON: each line is a write of its own, many at a time, so that they share the store's group commits. */

import { BoatoError } from '../core/errors.ts';
import type { Store } from '../node/api.ts';
import { parsePutLine, type PutRequest } from './line-format.ts';
import { splitLines, type Line } from './split-lines.ts';
import { WritesInFlight } from './writes-in-flight.ts';
import { errorMessage } from './error-message.ts';

/** Writes in flight: enough to fill a group commit while the one before it is on its way to the disk. */
export const IMPORT_WRITES_MAX = 512;

/** Bytes of lines in flight; one longer line is let through alone. */
export const IMPORT_BYTES_MAX: number = 32 * 2 ** 20;

/** Keys that are looked up at once for `skipExisting`; a value that is found is read, so this bounds memory too. */
const LOOKUP_KEYS_MAX = 64;

export interface ImportOptions {
  /** Count and report lines that cannot be stored, instead of stopping at the first. */
  readonly skipInvalid?: boolean;
  /** Leave keys alone that have a live entry. */
  readonly skipExisting?: boolean;
  readonly signal?: AbortSignal;
}

/** Lines that are done, and their bytes; `imported` ones are on disk. */
export interface ImportCounts {
  readonly imported: number;
  readonly existing: number;
  readonly invalid: number;
  readonly bytes: number;
}

/** Why the import ended before its source. With `line`: that line cannot be stored, and all lines before it are. */
export interface ImportStop {
  readonly line?: number;
  readonly code: string;
  readonly message: string;
}

export const IMPORT_ABORTED: ImportStop = { code: 'ABORTED', message: 'The import was interrupted.' };

export interface ImportSummary extends ImportCounts {
  readonly stopped?: ImportStop;
}

export type ImportEvent =
  | ({ readonly event: 'progress' } & ImportCounts)
  | { readonly event: 'invalid'; readonly line: number; readonly code: string; readonly message: string };

/** Told after each piece of the source; the import waits for it. */
export type ImportReport = (event: ImportEvent) => void | Promise<void>;

/** The part of a store that an import needs. */
export type ImportTarget = Pick<Store, 'put' | 'getMany'>;

/** Never rejects: whatever ends it is in the summary, together with what was stored. */
export async function importLines(
  store: ImportTarget,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
  report: ImportReport,
): Promise<ImportSummary> {
  return new Import(store, options, report).run(source);
}

interface BadLine {
  readonly line: number;
  readonly error: BoatoError;
}

class Import {
  readonly #store: ImportTarget;
  readonly #options: ImportOptions;
  readonly #report: ImportReport;
  readonly #writes = new WritesInFlight(IMPORT_WRITES_MAX, IMPORT_BYTES_MAX);
  #badLines: BadLine[] = [];
  /** What no other line can survive: the store or the source failed. */
  #failure: unknown;
  #imported = 0;
  #existing = 0;
  #invalid = 0;
  #bytes = 0;

  constructor(store: ImportTarget, options: ImportOptions, report: ImportReport) {
    this.#store = store;
    this.#options = options;
    this.#report = report;
  }

  async run(source: AsyncIterable<Uint8Array>): Promise<ImportSummary> {
    try {
      for await (const lines of splitLines(readable(source))) {
        for (let from = 0; from < lines.length && !this.#stopped; from += LOOKUP_KEYS_MAX) {
          await this.#take(lines.slice(from, from + LOOKUP_KEYS_MAX));
        }
        if (this.#stopped) break;
        await this.#tell();
      }
    } catch (error) {
      this.#failure ??= error;
    }
    await this.#writes.allEnded();
    try {
      await this.#tell();
    } catch (error) {
      this.#failure ??= error;
    }
    const stop = this.#stop();
    return stop === undefined ? this.#counts() : { ...this.#counts(), stopped: stop };
  }

  get #stopped(): boolean {
    return (
      this.#failure !== undefined ||
      this.#options.signal?.aborted === true ||
      (this.#badLines.length > 0 && this.#options.skipInvalid !== true)
    );
  }

  async #take(lines: readonly Line[]): Promise<void> {
    const requests = lines.map((line) => this.#parse(line));
    const taken = this.#options.skipExisting === true ? await this.#takenKeys(requests) : undefined;
    for (const [at, line] of lines.entries()) {
      const request = requests[at];
      if (request instanceof BoatoError) this.#refuse(line, request);
      else if (request !== undefined && taken?.has(request.key) === true) {
        this.#existing++;
        this.#bytes += line.bytes;
      } else if (request !== undefined) {
        taken?.add(request.key);
        await this.#write(line, request);
      }
      if (this.#stopped) return;
    }
  }

  #parse(line: Line): PutRequest | BoatoError {
    if (line.text === undefined)
      return new BoatoError('INVALID_VALUE', `The line cannot be read: ${line.invalid}.`);
    try {
      return parsePutLine(line.text);
    } catch (error) {
      if (error instanceof BoatoError) return error;
      throw error;
    }
  }

  /** Those of the keys that are in the store, or will be once the writes in flight are done. */
  async #takenKeys(requests: readonly (PutRequest | BoatoError)[]): Promise<Set<string>> {
    const pending = this.#writes.keys();
    const keys = requests.flatMap((request) => (request instanceof BoatoError ? [] : [request.key]));
    let isPresent: (at: number) => boolean;
    try {
      const values = await this.#store.getMany(keys);
      isPresent = (at) => values[at] !== undefined;
    } catch (error) {
      if (!(error instanceof BoatoError) || error.code !== 'INVALID_KEY') throw error;
      // A key that no store can hold is in no store: the write that follows says what is wrong with it.
      const found = await Promise.allSettled(keys.map((key) => this.#store.getMany([key])));
      isPresent = (at) => found[at]?.status === 'fulfilled' && found[at].value[0] !== undefined;
    }
    return new Set([...pending, ...keys.filter((_key, at) => isPresent(at))]);
  }

  async #write(line: Line, { key, value, options }: PutRequest): Promise<void> {
    await this.#writes.roomFor(key, line.bytes);
    if (this.#stopped) return;
    const write = this.#store.put(key, value, options).then(
      () => {
        this.#imported++;
        this.#bytes += line.bytes;
      },
      (error: unknown) => this.#refuse(line, error),
    );
    this.#writes.add(key, line.bytes, write);
    // A store refuses a bad value before it writes: let the refusal arrive, so that no later line is begun.
    await Promise.resolve();
    await Promise.resolve();
  }

  #refuse(line: Line, error: unknown): void {
    if (!(error instanceof BoatoError) || !isAboutTheLine(error)) {
      this.#failure ??= error;
      return;
    }
    this.#badLines.push({ line: line.number, error });
    if (this.#options.skipInvalid !== true) return;
    this.#invalid++;
    this.#bytes += line.bytes;
  }

  async #tell(): Promise<void> {
    if (this.#options.skipInvalid === true) {
      const badLines = this.#badLines;
      this.#badLines = [];
      for (const { line, error } of badLines) {
        await this.#report({ event: 'invalid', line, code: error.code, message: error.message });
      }
    }
    await this.#report({ event: 'progress', ...this.#counts() });
  }

  #counts(): ImportCounts {
    return { imported: this.#imported, existing: this.#existing, invalid: this.#invalid, bytes: this.#bytes };
  }

  #stop(): ImportStop | undefined {
    const error = this.#failure;
    if (error instanceof SourceFailure) return { code: 'INPUT_UNREADABLE', message: error.message };
    if (error instanceof BoatoError) return { code: error.code, message: error.message };
    if (error !== undefined) {
      return { code: 'INTERNAL', message: errorMessage(error) };
    }
    const first = this.#badLines.toSorted((a, b) => a.line - b.line)[0];
    if (first !== undefined)
      return { line: first.line, code: first.error.code, message: first.error.message };
    return this.#options.signal?.aborted === true ? IMPORT_ABORTED : undefined;
  }
}

function isAboutTheLine({ code }: BoatoError): boolean {
  return (
    code === 'INVALID_KEY' ||
    code === 'INVALID_VALUE' ||
    code === 'INVALID_EXPIRY' ||
    code === 'VALUE_TOO_LARGE'
  );
}

class SourceFailure extends Error {}

/** Tells failures of `source` from those of the store. */
async function* readable(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (cause) {
    throw new SourceFailure(errorMessage(cause), { cause });
  }
}
