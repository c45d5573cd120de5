/** What all commands share: the folder, the form of the output, examples. */

import { Command, Option } from 'commander';
import { folderOption } from './option-values.ts';
import type { Output } from './output.ts';

/** One run of the command line. */
export interface Run {
  readonly out: Output;
  /** Set by the command; 0 otherwise. */
  exitCode: number;
}

export interface BaseOptions {
  readonly data: string;
  readonly json?: true;
}

const DEFAULT_FOLDER = 'data/node';

/** A command with `--data` and `--json`. `examples` are whole command lines. */
export function baseCommand(name: string, description: string, examples: readonly string[]): Command {
  const data = new Option('--data <folder>', 'folder of the node')
    .env('STORE_DATA')
    .default(DEFAULT_FOLDER)
    .argParser(folderOption);
  return new Command(name)
    .description(description)
    .addOption(data)
    .option('--json', 'output one JSON object, or one a line')
    .addHelpText('after', examplesText(examples));
}

export function examplesText(examples: readonly string[]): string {
  return ['', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n');
}
