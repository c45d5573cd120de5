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
  readonly #waiting = new Map<string, (line: Line) => void>();

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

  /** The next line that says `message`. */
  next(message: string): Promise<Line> {
    return new Promise((resolve) => this.#waiting.set(message, resolve));
  }

  tail(): string {
    return this.#lines.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`).join(' | ');
  }

  #add(fields: object, message: string): void {
    const line: Line = { atMs: performance.now(), fields, message };
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    this.#waiting.get(message)?.(line);
    this.#waiting.delete(message);
  }
}
