/** Settings as options of a command. */

import { Option } from 'commander';
import { optionOf, type Setting, type SettingName, SETTINGS, variableOf } from './table.ts';

/** Its value goes by the name of the setting. */
export class SettingOption extends Option {
  readonly setting: Setting<unknown>;
  readonly #name: SettingName;

  constructor(flags: string, description: string, name: SettingName) {
    super(flags, description);
    this.setting = SETTINGS[name];
    this.#name = name;
  }

  override attributeName(): SettingName {
    return this.#name;
  }
}

export function settingOptions(names: readonly SettingName[]): readonly SettingOption[] {
  return names.flatMap((name) =>
    SETTINGS[name].kind.argument === undefined ? switches(name) : [valued(name)],
  );
}

function valued(name: SettingName): SettingOption {
  const setting: Setting<unknown> = SETTINGS[name];
  const { kind } = setting;
  const place = optionOf(setting);
  const option = new SettingOption(`${place} ${kind.argument}`, describe(setting), name);
  if (kind.choices !== undefined) option.choices(kind.choices);
  return option.argParser<unknown>((text, before) => {
    const value = kind.parse(text, place);
    return Array.isArray(value) && Array.isArray(before) ? [...(before as unknown[]), ...value] : value;
  });
}

/** The one that says what holds by default, and only takes back what a variable or a file may say, is left out of the help. */
function switches(name: SettingName): readonly SettingOption[] {
  const setting: Setting<unknown> = SETTINGS[name];
  const option = optionOf(setting);
  const on = new SettingOption(option, describe(setting), name);
  const off = new SettingOption(option.replace('--', '--no-'), describe(setting), name);
  // The order matters to commander: alone, `--no-key` would make `true` the default.
  (setting.byDefault === true ? on : off).hideHelp();
  return [on, off];
}

function describe(setting: Setting<unknown>): string {
  return `${setting.about} (default: ${defaultText(setting)}, env: ${variableOf(setting)})`;
}

/** What holds if nobody says anything. */
export function defaultText({ kind, byDefault, otherwise }: Setting<unknown>): string {
  return otherwise ?? kind.text(byDefault);
}
