/** What all commands share: the folder, the file of settings, the form of the output, examples. */

import { Command } from 'commander';
import type { Output } from './output.ts';
import { FILE_VARIABLE, resolveSettings } from './settings/in-force.ts';
import { settingOptions } from './settings/setting-option.ts';
import type { SettingName } from './settings/table.ts';

/** One run of the command line. */
export interface Run {
  readonly out: Output;
  /** Set by the command; 0 otherwise. */
  exitCode: number;
}

export interface BaseOptions {
  readonly data: string;
  /** The file of settings, if the command line names one. */
  readonly config?: string;
  readonly json?: true;
}

const FOLDER: readonly SettingName[] = ['data'];

/**
 * A command with `--data`, or other `settings`, `--config` and `--json`. When its action begins, its options have what is in
 * force, under the names of the settings. `examples` are whole command lines.
 */
export function baseCommand(
  name: string,
  description: string,
  examples: readonly string[],
  settings: readonly SettingName[] = FOLDER,
): Command {
  const command = new Command(name).description(description);
  for (const option of settingOptions(settings)) command.addOption(option);
  return command
    .option('--config <file>', `file of settings (env: ${FILE_VARIABLE})`)
    .option('--json', 'output one JSON object, or one a line')
    .hook('preAction', () => putInForce(command))
    .addHelpText('after', examplesText(examples));
}

async function putInForce(command: Command): Promise<void> {
  const { settings } = await resolveSettings(command);
  for (const { name, value, from } of settings) {
    if (from !== 'command line') command.setOptionValueWithSource(name, value, from);
  }
}

export function examplesText(examples: readonly string[]): string {
  return ['', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n');
}
