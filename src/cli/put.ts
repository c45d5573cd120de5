/** `store put`: stores one value, from the command line, a file or standard input. */

import type { Command } from 'commander';
import { isUtf8 } from 'node:buffer';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import type { Dot, PutOptions, Value } from '../node/api.ts';
import { acksOf, type AcksFlags, addAcks } from './acks-options.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { usageError } from './cli-error.ts';
import { withStore } from './connect.ts';
import { durationOption, keyArgument, valueArgument, versionOption } from './option-values.ts';
import { readInput } from './input.ts';
import { parseTyped, type TextType, typeOption } from './typed-text.ts';
import { showingTime } from './waiting.ts';

interface Options extends BaseOptions, AcksFlags {
  readonly type: TextType;
  readonly file?: string;
  readonly ttl?: number;
  readonly ifVersion?: number | Dot;
  readonly ifAbsent?: true;
}

/** JSON may write a value larger than it is packed: six characters for one, and white space. */
const FILE_BYTES_MAX: number = 8 * DEFAULT_LIMITS.valueBytesMax;

export function putCommand(run: Run): Command {
  const command = baseCommand('put', 'store a value under a key; it is on disk when this ends', [
    'store put greeting "Good morning"',
    `store put user/1 '{"name": "Ada"}' --type json --ttl 10m`,
    'store put logo --type binary --file logo.png',
    'date | store put now --file -',
    'store put visits/today 0 --type json --if-absent',
    'store put order/17 paid --acks 2 --timeout 5s',
  ])
    .argument('<key>', 'key; put -- before one that begins with a dash', keyArgument)
    .argument('[value]', 'value; without one, --file says where it is', valueArgument)
    .addOption(typeOption('value'))
    .option('--file <file>', 'read the value from a file, or from standard input with -')
    .option('--ttl <duration>', 'let it expire after this time, such as 10m', durationOption('--ttl'))
    .option(
      '--if-version <version>',
      'only in the place of this version, as `get --json` shows it (VERSION or VERSION@ACTOR)',
      versionOption,
    )
    .option('--if-absent', 'only if the key has no value; a condition that does not hold is exit code 4');
  return addAcks(command).action(async (key: string, text: string | undefined, options: Options) => {
    const value = await readValue(text, options);
    const expiry = options.ttl === undefined ? {} : { ttlMs: options.ttl };
    const terms = { ...expiry, ...conditionsOf(options), ...acksOf(options) };
    const written = await showingTime(
      'waiting',
      withStore(options.data, 'any', (store) => store.put(key, value, terms)),
    );
    if (options.json === true) await run.out.json({ key, type: options.type, ...expiry, ...written });
  });
}

function conditionsOf({ ifVersion, ifAbsent }: Options): Pick<PutOptions, 'ifVersion' | 'ifAbsent'> {
  if (ifVersion !== undefined && ifAbsent === true)
    throw usageError('--if-version and --if-absent exclude each other: give one of them.');
  return { ...(ifVersion === undefined ? {} : { ifVersion }), ...(ifAbsent === true ? { ifAbsent } : {}) };
}

async function readValue(text: string | undefined, { type, file }: Options): Promise<Value> {
  if (file === undefined) {
    if (text === undefined)
      throw usageError('A value is missing: give it behind the key, or name a file with --file.');
    return parseTyped(text, type);
  }
  if (text !== undefined) throw usageError('A value and --file exclude each other: give one of them.');
  const bytes = await readInput(file, FILE_BYTES_MAX);
  if (type === 'binary') return new Uint8Array(bytes);
  if (!isUtf8(bytes))
    throw usageError(`The content of ${inputName(file)} is not UTF-8: store it with --type binary.`);
  return type === 'text' ? bytes.toString('utf8') : parseTyped(bytes.toString('utf8'), type);
}

function inputName(file: string): string {
  return file === '-' ? 'standard input' : file;
}
