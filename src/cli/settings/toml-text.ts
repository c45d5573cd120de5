/** TOML in which the line of each key can be told. */

import { usageError } from '../cli-error.ts';

export interface TomlText {
  readonly values: Readonly<Record<string, unknown>>;
  /** From 1; `undefined` for a key that is not there. */
  lineOf(key: string): number | undefined;
}

/** Throws one sentence that names `path`, line and column. */
export async function parseToml(text: string, path: string): Promise<TomlText> {
  // Loaded here: most commands are told of no file.
  const { parse, TomlError } = await import('smol-toml');
  try {
    return {
      values: parse(text),
      lineOf(key) {
        try {
          // A second definition is refused where it stands: one in front leads to the line of the first.
          parse(`${JSON.stringify(key)} = 0\n${text}`);
          return undefined;
        } catch (error) {
          return error instanceof TomlError ? error.line - 1 : undefined;
        }
      },
    };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column, message } = error;
    const reason = message.replace('Invalid TOML document: ', '').split('\n', 1).join();
    throw usageError(`${path}, line ${line}, column ${column}: ${reason} (the file is TOML).`, error);
  }
}
