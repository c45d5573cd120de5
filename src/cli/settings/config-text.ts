/** Settings for people: a file of settings with comments that say where each value comes from. */

import { lookOf } from '../look.ts';
import { fileValue } from './file.ts';
import { FILE_VARIABLE, type InForce, type Resolved } from './in-force.ts';
import { defaultText } from './setting-option.ts';

/** Where comments begin at most; behind what is longer they follow at once. */
const COLUMN_MAX = 40;

/** It can be read again as a file of settings. */
export async function configText({ settings, file, ignored }: Resolved): Promise<string> {
  const { stringify } = await import('smol-toml');
  const lines = settings.map((found) => [lineOf(found, stringify), `# ${sourceText(found)}`] as const);
  const lengths = lines.map(([line]) => line.length).filter((length) => length <= COLUMN_MAX);
  const column = Math.max(...lengths);
  const { paint } = lookOf(process.stdout);
  const text = [
    `# ${file === undefined ? `No file: --config or ${FILE_VARIABLE} names one.` : `The file is ${file}.`}`,
    ...lines.map(([line, comment]) => `${line.padEnd(column)}  ${paint('dim', comment)}`),
    ...ignored.map((variable) => `# ${variable} in the environment is no setting, and is ignored.`),
  ];
  return `${text.join('\n')}\n`;
}

function lineOf({ setting, value }: InForce, stringify: (table: object) => string): string {
  if (value === undefined) return `# ${setting.key}`;
  return stringify({ [setting.key]: fileValue(setting, value) }).trimEnd();
}

function sourceText({ setting, value, from, place, line }: InForce): string {
  if (from === 'default') return value === undefined ? `default: ${defaultText(setting)}` : 'default';
  if (from === 'file') return line === undefined ? 'file' : `file, line ${line}`;
  return `${from}, ${place}`;
}
