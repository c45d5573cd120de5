/** Splits a stream of bytes into lines, with their numbers, without ever holding more than one overlong line's limit. */

import { isUtf8 } from 'node:buffer';

/**
 * Longest line in bytes: the largest value (8 MiB) when every byte of it takes six in JSON (`\u0000`), and 64 KiB for key
 * and names. The same arithmetic bounds the body of a batch, whose limit is 8 MiB too.
 */
export const LINE_BYTES_MAX: number = 6 * 8 * 2 ** 20 + 2 ** 16;

export type Line = {
  /** From 1; blank lines are counted and left out. */
  readonly number: number;
  /** Bytes on the stream, the line's end included. */
  readonly bytes: number;
} & (
  | { readonly text: string; readonly invalid?: never }
  | { readonly text?: never; readonly invalid: string }
);

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = '\uFEFF';

/** Yields the lines that each piece of `source` completes, so that nobody waits for input that has not come yet. */
export async function* splitLines(
  source: AsyncIterable<Uint8Array>,
  lineBytesMax: number = LINE_BYTES_MAX,
): AsyncGenerator<readonly Line[], void, undefined> {
  let number = 0;
  let pieces: Uint8Array[] = [];
  let length = 0;

  function take(end: number): Line | undefined {
    const tooLong = length > lineBytesMax;
    const whole = tooLong ? undefined : Buffer.concat(pieces);
    const bytes = length + end;
    pieces = [];
    length = 0;
    number++;
    if (whole === undefined) return { number, bytes, invalid: `it is longer than ${lineBytesMax} bytes` };
    if (!isUtf8(whole)) return { number, bytes, invalid: 'it is not UTF-8' };
    const text = whole.toString('utf8');
    const line = number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    return line.trim() === '' ? undefined : { number, bytes, text: line };
  }

  function add(piece: Uint8Array): void {
    length += piece.length;
    if (length > lineBytesMax) pieces = [];
    else if (piece.length > 0) pieces.push(piece);
  }

  for await (const chunk of source) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, at));
      const line = take(1);
      if (line !== undefined) lines.push(line);
      from = at + 1;
    }
    add(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  const last = length > 0 ? take(0) : undefined;
  if (last !== undefined) yield [last];
}
