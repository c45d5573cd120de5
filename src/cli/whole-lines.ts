/** Input that can be given up between two lines. */

import { LINE_BYTES_MAX } from '../server/split-lines.ts';

const NEWLINE = 0x0a;

/**
 * The bytes of `source` in pieces that end with lines. Ends early when `signal` fires, without waiting for `source` and
 * without the line that has only begun: half a line would be taken for a bad one. A line beyond every limit is let through
 * in parts.
 */
export async function* wholeLines(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = source[Symbol.asyncIterator]();
  let held: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = await unlessAborted(pieces.next(), signal);
    if (piece === undefined) return;
    if (piece.done === true) break;
    const lineEnd = piece.value.lastIndexOf(NEWLINE) + 1;
    const end = length + piece.value.length > LINE_BYTES_MAX ? piece.value.length : lineEnd;
    if (end > 0) {
      yield held.length === 0
        ? piece.value.subarray(0, end)
        : Buffer.concat([...held, piece.value.subarray(0, end)]);
      held = [];
      length = 0;
    }
    const rest = piece.value.subarray(end);
    if (rest.length > 0) held.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(held);
}

/** What `work` resolves with; `undefined` as soon as `signal` fires, whatever becomes of `work` then. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
