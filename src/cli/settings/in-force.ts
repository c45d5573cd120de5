/** Which value of a setting holds: command line before environment before file before default. */

import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import { badValue } from '../option-values.ts';
import { readSettingsFile, type SettingsFile } from './file.ts';
import { nearest } from './nearest.ts';
import { SettingOption } from './setting-option.ts';
import { optionOf, type Setting, type SettingName, SETTINGS, variableOf } from './table.ts';

export interface InForce {
  readonly name: SettingName;
  readonly setting: Setting<unknown>;
  /** `undefined` where the default is no value. */
  readonly value: unknown;
  readonly from: 'command line' | 'environment' | 'file' | 'default';
  /** The option, the variable, or the file; absent for a default. */
  readonly place?: string;
  /** In the file, from 1. */
  readonly line?: number;
}

export interface Resolved {
  /** Those of the command, in the order of the table. */
  readonly settings: readonly InForce[];
  /** The file that was read. */
  readonly file?: string;
  /** Variables with our prefix that are no settings, nor nearly ones. */
  readonly ignored: readonly string[];
}

/** The variable that names the file. */
export const FILE_VARIABLE = 'STORE_CONFIG';

const PREFIX = 'STORE_';

/** So many edits away from the name of a setting, a variable counts as misspelt. */
const MISSPELT_MAX = 2;

type Environment = Readonly<Record<string, string | undefined>>;

/** A file may be a pipe, and is read once. */
const resolvedByCommand = new WeakMap<Command, Promise<Resolved>>();

/** Of a command whose options are parsed. Rejects with one sentence that names the place of what is wrong. */
export function resolveSettings(command: Command): Promise<Resolved> {
  const before = resolvedByCommand.get(command);
  const resolved = before ?? resolve(command, process.env);
  resolvedByCommand.set(command, resolved);
  return resolved;
}

async function resolve(command: Command, env: Environment): Promise<Resolved> {
  const ignored = await checkVariables(env);
  const file = await namedFile(command, env);
  const names = command.options.flatMap((option) =>
    option instanceof SettingOption ? [option.attributeName()] : [],
  );
  const settings = [...new Set(names)].map((name) => resolveSetting(name, command, env, file));
  return { settings, ignored, ...(file === undefined ? {} : { file: file.path }) };
}

async function namedFile(command: Command, env: Environment): Promise<SettingsFile | undefined> {
  const option = command.getOptionValue('config') as string | undefined;
  const path = option ?? env[FILE_VARIABLE];
  if (path === '')
    throw badValue(option === undefined ? FILE_VARIABLE : '--config', path, 'the path of a file');
  return path === undefined ? undefined : readSettingsFile(path);
}

function resolveSetting(
  name: SettingName,
  command: Command,
  env: Environment,
  file: SettingsFile | undefined,
): InForce {
  const setting: Setting<unknown> = SETTINGS[name];
  const known = { name, setting };
  // Read even if it does not hold: a file that is wrong is wrong for the next start, too.
  const ofFile = file?.keys.includes(setting.key) === true ? fromFile(setting, file) : undefined;
  if (command.getOptionValueSource(name) === 'cli') {
    const value: unknown = command.getOptionValue(name);
    return { ...known, value, from: 'command line', place: optionOf(setting) };
  }
  const variable = variableOf(setting);
  const text = env[variable];
  if (text !== undefined) {
    return { ...known, value: setting.kind.parse(text, variable), from: 'environment', place: variable };
  }
  return { ...known, ...(ofFile ?? { value: setting.byDefault, from: 'default' }) };
}

function fromFile(setting: Setting<unknown>, file: SettingsFile): Omit<InForce, 'name' | 'setting'> {
  const found = { value: file.valueOf(setting), from: 'file', place: file.path } as const;
  const line = file.lineOf(setting.key);
  return line === undefined ? found : { ...found, line };
}

/** Other programs' variables may have our prefix, too: only what is nearly a setting is refused. */
async function checkVariables(env: Environment): Promise<readonly string[]> {
  const known = [...Object.values(SETTINGS).map(variableOf), FILE_VARIABLE];
  const unknown = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !known.includes(name));
  for (const name of unknown) {
    const near = await nearest(name, known, MISSPELT_MAX);
    if (near !== undefined)
      throw usageError(`${name} in the environment is no setting; did you mean ${near}?`);
  }
  return unknown;
}
