/** Files that commands read; `-` is standard input. */

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { failure, systemReason, usageError } from './cli-error.ts';

const STANDARD_INPUT = '-';

export interface Input {
  /** Rejects with one sentence. */
  readonly source: AsyncIterable<Buffer>;
  /** `undefined` if nobody can know it: standard input, a pipe. */
  readonly bytes: number | undefined;
  /** Gives up what was not read: a standard input that nobody ends would keep the process alive. */
  close(): void;
}

/** Opens `file` before anything else is done, so that a misspelt name makes no store. */
export async function openInput(file: string): Promise<Input> {
  if (file === STANDARD_INPUT) return input(process.stdin, file, undefined);
  try {
    const handle = await open(file, 'r');
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      await handle.close();
      throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    }
    const stream = createReadStream('', { fd: handle, highWaterMark: 2 ** 16 });
    return input(stream, file, stat.isFile() ? stat.size : undefined);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** All of `file`. A larger one than `bytesMax` is refused before it fills the memory. */
export async function readInput(file: string, bytesMax: number): Promise<Buffer> {
  const opened = await openInput(file);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of opened.source) {
      length += chunk.length;
      if (length > bytesMax)
        throw usageError(`${file} has more than ${bytesMax} bytes: it fits into no value.`);
      chunks.push(chunk);
    }
  } finally {
    opened.close();
  }
  return Buffer.concat(chunks);
}

function input(stream: Readable, file: string, bytes: number | undefined): Input {
  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* stream as AsyncIterable<Buffer>;
    } catch (error) {
      throw unreadable(file, error);
    }
  }
  return { source: read(), bytes, close: () => void stream.destroy() };
}

function unreadable(file: string, error: unknown): unknown {
  if (typeof (error as NodeJS.ErrnoException).code !== 'string') return error;
  const name = file === STANDARD_INPUT ? 'Standard input' : `The file ${file}`;
  return failure(`${name} cannot be read: ${systemReason(error)}.`, error);
}
