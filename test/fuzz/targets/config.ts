/** Files of settings. */

import { CliError } from '../../../src/cli/cli-error.ts';
import { SettingsFile } from '../../../src/cli/settings/file.ts';
import { type Setting, SETTINGS } from '../../../src/cli/settings/table.ts';
import { parseToml } from '../../../src/cli/settings/toml-text.ts';
import { Broken, type Target, utf8 } from '../target.ts';

/** Every value is read, and the line of every key is told, or one sentence says what is wrong. */
export const config: Target = {
  async run(input) {
    const text = Buffer.from(input).toString('utf8');
    try {
      const file = new SettingsFile('node.toml', await parseToml(text, 'node.toml'));
      for (const setting of Object.values(SETTINGS) as Setting<unknown>[])
        if (file.keys.includes(setting.key)) read(file, setting);
    } catch (error) {
      if (error instanceof Broken) throw error;
      if (!(error instanceof CliError))
        throw new Broken(`an undocumented error: ${String(error).slice(0, 60)}`, { cause: error });
      if (error.message.includes('\n')) throw new Broken('an error of several lines');
    }
  },
  seeds: () => ({
    settings: utf8(
      '# a node\ndir = "data/a"\nport = 7532\npeers = ["127.0.0.1:7533"] # one\nrepair = true\ntombstone-ttl = "1d"\n',
    ),
    forms: utf8("a = 0x1F\nb = 1979-05-27T07:32:00Z\n[c]\nd = '''x\ny'''\n[[e]]\nf = { g = 1e3, h = inf }\n"),
    empty: utf8(''),
  }),
  dictionary: [
    ...Object.values(SETTINGS).map(({ key }) => utf8(`\n${key} = `)),
    ...['"""', "'''", '[[', '= {', '= [', 'nan', '\\u0000', '"\\ud800"', '\r'].map(utf8),
  ],
};

function read(file: SettingsFile, setting: Setting<unknown>): void {
  const line = file.lineOf(setting.key);
  if (line !== undefined && line < 1) throw new Broken('a line before the first');
  file.valueOf(setting);
}
