/** A log that keeps what it is told, a line each: the level, the sentence, the fields as JSON. */

import type { Log, LogFields } from '../../src/ports/log.ts';

export class RecordingLog implements Log {
  readonly lines: string[] = [];
  readonly #waiting: { readonly start: string; readonly resolve: () => void }[] = [];

  /** Resolves when a sentence that begins so was told, at whatever level. */
  async told(start: string): Promise<void> {
    if (this.lines.some((line) => isOf(line, start))) return;
    await new Promise<void>((resolve) => this.#waiting.push({ start, resolve }));
  }

  debug(): void {}

  info(fields: LogFields, message: string): void {
    this.#add('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#add('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#add('error', fields, message);
  }

  #add(level: string, fields: LogFields, message: string): void {
    const line = `${level} ${message} ${JSON.stringify(fields)}`;
    this.lines.push(line);
    for (const { start, resolve } of this.#waiting) if (isOf(line, start)) resolve();
  }
}

function isOf(line: string, start: string): boolean {
  return line.slice(line.indexOf(' ') + 1).startsWith(start);
}
