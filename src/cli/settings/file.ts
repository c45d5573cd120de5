/** A file of settings, in TOML: `key = value`, comments behind `#`. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { failure, systemReason, usageError } from '../cli-error.ts';
import type { FileType } from './kinds.ts';
import { nearest } from './nearest.ts';
import { type Setting, SETTINGS } from './table.ts';
import { parseToml, type TomlText } from './toml-text.ts';

const FORMS: Readonly<Record<FileType, string>> = {
  text: 'a text in quotes',
  number: 'a number without quotes',
  switch: 'true or false without quotes',
  list: 'a list of texts in quotes, such as ["127.0.0.1:7532"]',
};

/** Some editors begin a file of UTF-8 with it. */
const BYTE_ORDER_MARK = /^\uFEFF/u;

export class SettingsFile {
  readonly path: string;
  readonly #toml: TomlText;

  /** Use `readSettingsFile`. */
  constructor(path: string, toml: TomlText) {
    this.path = path;
    this.#toml = toml;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#toml.values);
  }

  lineOf(key: string): number | undefined {
    return this.#toml.lineOf(key);
  }

  /** `node.toml, line 3:`. */
  placeOf(key: string): string {
    const line = this.lineOf(key);
    return line === undefined ? `${this.path}:` : `${this.path}, line ${line}:`;
  }

  /** Throws one sentence that names file and line. */
  valueOf({ key, kind }: Setting<unknown>): unknown {
    const value = this.#toml.values[key];
    const place = `${this.placeOf(key)} ${key}`;
    // Only a file can say so: a text has at least one item.
    if (kind.fileType === 'list' && Array.isArray(value) && value.length === 0) return [];
    const text = textOf(value, kind.fileType);
    if (text === undefined) {
      // What is wrong in whatever form has a better sentence.
      kind.parse(typeof value === 'string' ? value : JSON.stringify(value), place);
      throw usageError(`${place} takes ${FORMS[kind.fileType]}, not ${JSON.stringify(value)}.`);
    }
    const isRelative = kind.isPath === true && text !== '';
    return kind.parse(isRelative ? resolve(dirname(this.path), text) : text, place);
  }
}

/** Throws one sentence for a file that cannot be read, is no TOML, or has a key that is no setting. */
export async function readSettingsFile(path: string): Promise<SettingsFile> {
  const file = new SettingsFile(path, await parseToml(await readText(path), path));
  const known = Object.values(SETTINGS).map(({ key }) => key);
  const unknown = file.keys.find((key) => !known.includes(key));
  if (unknown === undefined) return file;
  const near = await nearest(unknown, known);
  const hint = near === undefined ? `there are ${known.join(', ')}.` : `did you mean ${near}?`;
  throw usageError(`${file.placeOf(unknown)} ${JSON.stringify(unknown)} is no setting; ${hint}`);
}

/** A value as a file has it; `undefined` for none. */
export function fileValue({ kind }: Setting<unknown>, value: unknown): unknown {
  return value === undefined || kind.fileType !== 'text' ? value : kind.text(value);
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(BYTE_ORDER_MARK, '');
  } catch (error) {
    throw failure(`The file ${path} cannot be read: ${systemReason(error)}.`, error);
  }
}

/** The text that would say the same on a command line; `undefined` if it has not the form of this type. */
function textOf(value: unknown, type: FileType): string | undefined {
  switch (type) {
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'number':
      return typeof value === 'number' ? String(value) : undefined;
    case 'switch':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? value.join(',')
        : undefined;
  }
}
