/** The command line: names of benchmarks, and how large. */

import type { Benchmark } from './benchmark.ts';

export class WrongArguments extends Error {}

export interface Arguments {
  readonly names: readonly string[];
  readonly keys: number | undefined;
  readonly rounds: number | undefined;
  readonly profile: string | undefined;
  readonly dry: boolean;
  readonly help: boolean;
}

/** Throws `WrongArguments` with a sentence. */
export function parseArguments(args: readonly string[], known: readonly Benchmark[]): Arguments {
  const names: string[] = [];
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] as string;
    if (argument === '--help' || argument === '-h') flags.add('--help');
    else if (argument === '--dry') flags.add(argument);
    else if (['--keys', '--rounds', '--cpu-prof'].includes(argument)) {
      const value = args[++at];
      if (value === undefined) throw new WrongArguments(`${argument} needs a value.`);
      values.set(argument, value);
    } else if (argument.startsWith('-')) {
      throw new WrongArguments(
        `${argument} is not known; there are --keys, --rounds, --dry, --cpu-prof and --help.`,
      );
    } else names.push(argument);
  }
  const unknown = names.find((name) => known.every((benchmark) => benchmark.name !== name));
  if (unknown !== undefined) {
    const list = known.map(({ name }) => name).join(', ');
    throw new WrongArguments(`There is no benchmark ${unknown}; there are ${list}.`);
  }
  return {
    names,
    keys: integer(values, '--keys', 1000, 100_000_000),
    rounds: integer(values, '--rounds', 1, 1000),
    profile: values.get('--cpu-prof'),
    dry: flags.has('--dry'),
    help: flags.has('--help'),
  };
}

export function usage(known: readonly Benchmark[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  return `Usage: npm run bench [-- [NAME...] [--keys N] [--rounds N] [--dry] [--cpu-prof DIR]]

Measures, and writes the sections of what was measured anew in bench/RESULTS.md. All benchmarks, if none is named:
${known.map(({ name, title, defaults }) => `  ${name.padEnd(width)}  ${title} (--keys ${defaults.keys} --rounds ${defaults.rounds})`).join('\n')}

  --keys N        entries of a store, 1000 or more
  --rounds N      medians are of so many
  --dry           leaves bench/RESULTS.md as it is
  --cpu-prof DIR  each process leaves a CPU profile there`;
}

function integer(
  values: ReadonlyMap<string, string>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new WrongArguments(`${name} must be a whole number from ${min} to ${max}, not ${text}.`);
}
