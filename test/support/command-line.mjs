/** Arguments of the commands beside the tests: a wrong one gets a sentence and the usage, and exit code 2. */

import { parseArgs } from 'node:util';

/**
 * `numbers`: options with a whole number, with their defaults. `strings`: others with a value; `switches`: those without.
 * `check` throws on values that make no sense. Ends the process on `--help` and on what is wrong.
 */
export function commandLine({
  command,
  usage,
  numbers,
  strings = [],
  switches = [],
  allowPositionals = false,
  check,
}) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals,
      options: {
        ...Object.fromEntries(
          Object.entries(numbers).map(([name, value]) => [name, { type: 'string', default: value }]),
        ),
        ...Object.fromEntries(strings.map((name) => [name, { type: 'string' }])),
        ...Object.fromEntries(switches.map((name) => [name, { type: 'boolean' }])),
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    for (const name of Object.keys(numbers)) {
      const value = values[name];
      if (value !== undefined && !/^-?\d{1,10}$/u.test(value))
        throw new Error(`--${name} takes a whole number, not ${value}`);
    }
    check(values, positionals);
    return { ...values, positionals };
  } catch (error) {
    process.stderr.write(`${command}: ${error.message.replace(/\.$/u, '')}.\n${usage}\n`);
    return process.exit(2);
  }
}
