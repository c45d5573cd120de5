/** What a run broke: told to people, and compared when a failing run is cut down, which must go on failing the same way. */

import { BrokenPromise } from './checker/broken-promise.ts';

export interface Failure {
  /** The same for all failures of one kind, whatever they are about. */
  readonly kind: string;
  /** One sentence. */
  readonly what: string;
  /** Since the start of the run. */
  readonly atMs: number;
  /** Where in the source, the innermost place first; empty if it is not known. */
  readonly where: readonly string[];
}

/** Places in the source that are told. */
const PLACES_MAX = 6;

export function failureOf(error: unknown, atMs: number): Failure {
  if (error instanceof BrokenPromise) return { kind: error.promise, what: error.message, atMs, where: [] };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  const where = error instanceof Error ? placesOf(error) : [];
  return { kind: kindOf(text), what: text, atMs, where };
}

/** Without what differs from run to run: numbers, and whatever is quoted. */
export function kindOf(text: string): string {
  return text
    .replace(/"[^"]*"|'[^']*'/gu, '…')
    .replace(/\d+/gu, 'N')
    .slice(0, 200);
}

function placesOf(error: Error): string[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /u.test(line));
  return frames
    .filter((line) => /\/(src|dist)\//u.test(line) && !line.includes('/node_modules/'))
    .slice(0, PLACES_MAX)
    .map((line) =>
      line
        .trim()
        .replace(/^at /u, '')
        .replace(/(?:file:\/\/)?\/\S*?\/((?:src|dist)\/)/u, '$1'),
    );
}
