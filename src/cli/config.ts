/** `store config`: what `store serve` would use, and where each value comes from. */

import type { Command } from 'commander';
import { resolve } from 'node:path';
import { checkNodeOptions } from '../node/options.ts';
import { baseCommand, type Run } from './base-command.ts';
import type { ServeOptions } from './serve.ts';
import { configText } from './settings/config-text.ts';
import { fileValue } from './settings/file.ts';
import { type InForce, resolveSettings } from './settings/in-force.ts';
import { nodeOptions } from './settings/node-options.ts';
import { SETTING_NAMES } from './settings/table.ts';

export function configCommand(run: Run): Command {
  return baseCommand(
    'config',
    'print the settings that `store serve` would use here, and where each comes from',
    [
      'store config',
      'store config --config /etc/boato.toml --port 7540',
      'store config > boato.toml',
      'store config --json',
    ],
    SETTING_NAMES,
  ).action(async (options: ServeOptions, command: Command) => {
    const { file, ignored, settings } = await resolveSettings(command);
    const absolute = settings.map(withAbsolutePath);
    if (options.json === true) {
      await run.out.json({ file: file ?? null, ignored, settings: absolute.map(settingJson) });
    } else {
      await run.out.add(
        await configText({ settings: absolute, ignored, ...(file === undefined ? {} : { file }) }),
      );
      await run.out.flush();
    }
    // Each value is right by itself; this is about what they say together.
    checkNodeOptions(nodeOptions(options));
  });
}

/** What is printed means the same from any folder. */
function withAbsolutePath(found: InForce): InForce {
  const { setting, value } = found;
  return setting.kind.isPath === true && typeof value === 'string'
    ? { ...found, value: resolve(value) }
    : found;
}

/** Values as a file has them; `null` where the default is none. */
function settingJson({ setting, value, from, place, line }: InForce): unknown {
  return { key: setting.key, value: fileValue(setting, value) ?? null, from, place, line };
}
