/** Standard output: waits for its reader, and knows when the reader is gone. */

import type { Writable } from 'node:stream';

/** Text that is gathered before it goes out. */
const CHUNK_CHARACTERS = 2 ** 16;

/** The reader of the output is gone (`| head`): no failure, there is just nothing left to do. */
export class OutputClosed extends Error {
  constructor() {
    super('The output was closed.');
    this.name = 'OutputClosed';
  }
}

export class Output {
  readonly #stream: Writable;
  #gathered = '';

  constructor(stream: Writable) {
    this.#stream = stream;
    // The callbacks of `write` say it; without a listener it would end the process.
    stream.on('error', () => undefined);
  }

  /** Adds to what goes out at the next `flush`, or when there is enough of it. */
  async add(text: string): Promise<void> {
    this.#gathered += text;
    if (this.#gathered.length >= CHUNK_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '') await this.write(text);
  }

  /** Resolves when the system has taken it. Rejects with `OutputClosed`. */
  write(chunk: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(chunk, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(isClosed(error) ? new OutputClosed() : error);
      });
    });
  }

  async line(text: string): Promise<void> {
    await this.add(`${text}\n`);
    await this.flush();
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }
}

function isClosed(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END';
}
