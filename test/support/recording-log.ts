/** A log that keeps what it is told, a line each: the level, the sentence, the fields as JSON. */

import type { Log, LogFields } from '../../src/ports/log.ts';

export class RecordingLog implements Log {
  readonly lines: string[] = [];

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
    this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  }
}
