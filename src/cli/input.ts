/** Files that commands read; `-` is standard input. */

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { failure, systemReason, usageError } from './cli-error.ts';

const STANDARD_INPUT = '-';

export interface Input {
  readonly stream: Readable;
  /** `undefined` if nobody can know it: standard input, a pipe. */
  readonly bytes: number | undefined;
}

/** Opens `file` before anything else is done, so that a misspelt name makes no store. */
export async function openInput(file: string): Promise<Input> {
  if (file === STANDARD_INPUT) return { stream: process.stdin, bytes: undefined };
  try {
    const handle = await open(file, 'r');
    const stat = await handle.stat();
    if (stat.isDirectory()) {
      await handle.close();
      throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    }
    const stream = createReadStream('', { fd: handle, highWaterMark: 2 ** 16 });
    return { stream, bytes: stat.isFile() ? stat.size : undefined };
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** All of `file`. A larger one than `bytesMax` is refused before it fills the memory. */
export async function readInput(file: string, bytesMax: number): Promise<Buffer> {
  const { stream } = await openInput(file);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) throw usageError(`${file} has more than ${bytesMax} bytes: it fits into no value.`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  return Buffer.concat(chunks);
}

function unreadable(file: string, error: unknown): unknown {
  if (typeof (error as NodeJS.ErrnoException).code !== 'string') return error;
  const name = file === STANDARD_INPUT ? 'Standard input' : `The file ${file}`;
  return failure(`${name} cannot be read: ${systemReason(error)}.`, error);
}
