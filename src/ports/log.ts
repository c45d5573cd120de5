/** Values that go into a log line beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a node says what it does. `message` is a sentence without variable parts; those are in `fields`. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
