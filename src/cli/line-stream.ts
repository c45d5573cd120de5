/** Reads an answer of JSON lines whose last one may say why it is the last. */

import type { ErrorBody } from '../server/http-errors.ts';
import { serverError } from './socket-http.ts';

const NEWLINE = 0x0a;

/**
 * The bytes of `source`, in pieces that end with lines. The last line is held back until the source has ended: if it
 * breaks off instead, and that line is an error of the server (`LineReply.fail`), the error is thrown in its place.
 */
export async function* untilFailure(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  try {
    for await (const chunk of source) {
      const lineEnd = chunk.subarray(0, -1).lastIndexOf(NEWLINE);
      if (lineEnd === -1) {
        if (held.at(-1)?.at(-1) === NEWLINE) {
          yield Buffer.concat(held);
          held = [];
        }
        held.push(chunk);
      } else {
        yield Buffer.concat([...held, chunk.subarray(0, lineEnd + 1)]);
        held = [chunk.subarray(lineEnd + 1)];
      }
    }
  } catch (error) {
    throw errorOfLine(Buffer.concat(held).toString('utf8')) ?? error;
  }
  if (held.length > 0) yield Buffer.concat(held);
}

function errorOfLine(line: string): Error | undefined {
  if (!line.startsWith('{"error":')) return undefined;
  try {
    return serverError((JSON.parse(line) as { readonly error: ErrorBody }).error);
  } catch {
    return undefined;
  }
}
