/** The log of a node, to wait for a line of it. */

import type { Log } from 'boato';

export interface Line {
  readonly atMs: number;
  readonly fields: object;
  readonly message: string;
}

const LINES_KEPT = 20;

export class LogBook implements Log {
  readonly #lines: Line[] = [];
  #waiting: { readonly part: string; readonly resolve: (line: Line) => void }[] = [];

  debug(fields: object, message: string): void {
    this.#add(fields, message);
  }

  info(fields: object, message: string): void {
    this.#add(fields, message);
  }

  warn(fields: object, message: string): void {
    this.#add(fields, message);
  }

  error(fields: object, message: string): void {
    this.#add(fields, message);
  }

  /** The next line in which `part` occurs. */
  next(part: string): Promise<Line> {
    return new Promise((resolve) => this.#waiting.push({ part, resolve }));
  }

  tail(): string {
    return this.#lines.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`).join(' | ');
  }

  #add(fields: object, message: string): void {
    const line: Line = { atMs: performance.now(), fields, message };
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    for (const { part, resolve } of this.#waiting) if (message.includes(part)) resolve(line);
    this.#waiting = this.#waiting.filter(({ part }) => !message.includes(part));
  }
}
