/** The command line of `npm run simulate`: what it takes, and its sentences about what it does not. */

import { Command, CommanderError, Option } from 'commander';
import { FAULTS } from './faults/faults.ts';
import { duration, minutes, numberList, oneOrMore, wholeNumber } from './option-values.ts';
import { PROFILE_NAMES, type ProfileName } from './profile.ts';
import { SWITCHES } from './selection.ts';

export interface Options {
  /** A fresh one if absent. */
  readonly seed?: number;
  /** One of a run; a campaign takes them by turns. */
  readonly nodes: readonly number[];
  readonly profile: readonly ProfileName[];
  readonly minutes?: number;
  readonly log?: true;
  readonly json?: true;
  readonly twice?: true;
  readonly keep?: readonly number[];
  readonly without: readonly string[];
  readonly absent: readonly number[];
  /** `false`: not at all. */
  readonly shrink: number | false;
  /** How long. */
  readonly campaign?: number;
  readonly seeds?: readonly number[];
  readonly fresh: boolean;
  readonly workers?: number;
  readonly report?: string;
  readonly coverage?: true;
}

type Given = Omit<Options, 'without' | 'absent'> & Partial<Options>;

const NODES_MAX = 1000;
const SEED_MAX = 2 ** 32 - 1;

const OF_A_RUN = ['seed', 'log', 'twice', 'keep', 'absent'] as const;
const OF_A_CAMPAIGN = ['seeds', 'workers', 'report', 'coverage'] as const;

const HELP = `
Without --campaign it runs one seed, and prints what it did to the cluster, how long the nodes took to agree, and a
hash of all that happened: the same seed and source give the same hash. Exit code 1: a promise was broken. It then
prints the command that replays the run, cuts the run down to what its failure needs, and prints that command, too.

Examples:
  npm run simulate -- --seed 7 --nodes 16
  npm run simulate -- --seed 7 --log | grep n3
  npm run simulate -- --seed 7 --without crash,loss --keep 3,17-19
  npm run simulate -- --campaign 10m --nodes 3,5,16 --report report.md --coverage
  npm run simulate -- --campaign 2m --seeds 1-20 --no-fresh`;

/** Of `argv`, as `process.argv` has it; or else the exit code, and what was to be said is said. */
export function parseOptions(argv: readonly string[]): Options | { readonly exitCode: number } {
  const program = command();
  try {
    const given = program.parse(argv).opts<Given>();
    const options: Options = { without: [], absent: [], ...given };
    checkTogether(program, options);
    return options;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode === 0 ? 0 : 2 };
  }
}

function command(): Command {
  const oneOrMoreNodes = (text: string): readonly number[] => text.split(',').map(wholeNumber(2, NODES_MAX));
  return new Command('simulate')
    .description(
      'Runs a cluster of production nodes on simulated machines, under faults, and checks its promises.',
    )
    .option('--seed <number>', 'the run to run (a fresh one)', wholeNumber(0, SEED_MAX))
    .addOption(
      new Option('--nodes <number>', 'nodes; a campaign takes several by turns: 3,5,16')
        .argParser(oneOrMoreNodes)
        .default([5], '5'),
    )
    .addOption(
      new Option('--profile <name>', `how hard it is: ${PROFILE_NAMES.join(', ')}`)
        .argParser(oneOrMore(PROFILE_NAMES))
        .default(['hard' as const], 'hard'),
    )
    .option('--minutes <number>', 'virtual minutes of work and faults (as the profile has it)', minutes)
    .option('--log', 'print the event log')
    .option('--json', 'print one JSON object')
    .option('--twice', 'run it twice, and show the first line that differs')
    .option('--keep <steps>', 'only these steps of the plan, such as 3,17-19', numberList)
    .option(
      '--without <names>',
      `without these faults, conditions of the network, or membership: ${[...Object.keys(FAULTS), ...SWITCHES].join(', ')}`,
      oneOrMore([...Object.keys(FAULTS), ...SWITCHES]),
    )
    .option('--absent <machines>', 'without these machines, such as 0,3-4', numberList)
    .addOption(
      new Option('--shrink <duration>', 'time to cut a failing run down')
        .argParser(duration)
        .default(120_000, '2m'),
    )
    .option('--no-shrink', 'do not cut it down')
    .option('--campaign <duration>', 'run fresh seeds on all cores for so long', duration)
    .option(
      '--seeds <seeds>',
      'in a campaign: these first, such as 1-20, all of them however long they take',
      numberList,
    )
    .option('--no-fresh', 'in a campaign: no fresh seeds')
    .option('--workers <number>', 'in a campaign: processes (one a core)', wholeNumber(1, 1024))
    .option('--report <file>', 'in a campaign: write a report in Markdown')
    .option('--coverage', 'in a campaign: tell what of the core, storage and gossip was run')
    .helpOption('--help', 'print this help')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(sentence(text)) });
}

function checkTogether(program: Command, options: Options): void {
  const { campaign, seeds, fresh, nodes, profile, absent } = options;
  const others = campaign === undefined ? OF_A_CAMPAIGN : OF_A_RUN;
  const wrong = others.find((name) => program.getOptionValueSource(name) === 'cli');
  if (wrong !== undefined)
    program.error(`error: --${wrong} is ${campaign === undefined ? 'of a' : 'not of a'} campaign.`);
  if (!fresh && (campaign === undefined || seeds === undefined))
    program.error('error: --no-fresh is of a campaign, and needs --seeds.');
  if (campaign === undefined && (nodes.length > 1 || profile.length > 1))
    program.error('error: Several --nodes or --profile are of a campaign.');
  const [count = 0] = nodes;
  if (absent.some((machine) => machine >= count))
    program.error(`error: --absent takes machines from 0 to ${count - 1}.`);
  if (campaign === undefined && count - absent.length < 1)
    program.error('error: --absent leaves no machine.');
}

function sentence(text: string): string {
  const [first = ''] = text
    .trim()
    .replace(/^error: /u, '')
    .split('\n');
  const whole = first.replace(/\.$/u, '').replace('. It takes', ': it takes');
  return `simulate: ${whole.charAt(0).toUpperCase()}${whole.slice(1)}; see \`npm run simulate -- --help\`.\n`;
}
