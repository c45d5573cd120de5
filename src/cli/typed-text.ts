/** Values on the command line: text as it is, JSON, or bytes as base64. */

import { Option } from 'commander';
import { BoatoError } from '../core/errors.ts';
import type { Value } from '../node/api.ts';
import { parseExactJson } from '../server/exact-json.ts';
import { valueFromJson } from '../server/value-json.ts';
import { choiceOption } from './option-values.ts';

export type TextType = 'text' | 'json' | 'binary';

const TYPES: readonly TextType[] = ['text', 'json', 'binary'];

export function typeOption(what: string): Option {
  return new Option('--type <type>', `what the ${what} is; binary is base64 on the command line`)
    .choices(TYPES)
    .default('text')
    .argParser(choiceOption('--type', TYPES));
}

/** Throws `INVALID_VALUE`. */
export function parseTyped(text: string, type: TextType): Value {
  if (type !== 'json') return valueFromJson(text, type);
  const json = parseExactJson(text, (cause) => {
    const message = 'The value is not JSON: quote it for the shell, or use --type text.';
    return new BoatoError('INVALID_VALUE', message, { cause });
  });
  return valueFromJson(json, 'json');
}
