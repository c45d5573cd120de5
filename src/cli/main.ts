/** The command line `store`: dispatches to one file a command, and turns what ends them into exit codes. */

import { Command, CommanderError } from 'commander';
import { PACKAGE_VERSION } from '../node/package-version.ts';
import { examplesText, type Run } from './base-command.ts';
import { EXIT_DONE, EXIT_USAGE, exitCodeOf } from './cli-error.ts';
import { Output, OutputClosed } from './output.ts';
import { errorMessage } from '../server/error-message.ts';

/**
 * Runs `argv`, as `process.argv` has it, and resolves with the exit code: 0 done, 1 absent, 2 usage, 3 failure, 4 a condition
 * that did not hold.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const run: Run = { out: new Output(process.stdout), exitCode: EXIT_DONE };
  try {
    const program = await createProgram(run, argv[2]);
    await program.parseAsync(argv);
    return run.exitCode;
  } catch (error) {
    // Commander has said why already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
    if (error instanceof OutputClosed) return EXIT_DONE;
    process.stderr.write(`store: ${errorMessage(error)}\n`);
    return exitCodeOf(error);
  }
}

/** In the order of the help. Loading them all takes longer than most of them run. */
const COMMANDS: ReadonlyMap<string, (run: Run) => Promise<Command>> = new Map(
  Object.entries({
    serve: async (run) => (await import('./serve.ts')).serveCommand(run),
    put: async (run) => (await import('./put.ts')).putCommand(run),
    get: async (run) => (await import('./get.ts')).getCommand(run),
    del: async (run) => (await import('./del.ts')).delCommand(run),
    list: async (run) => (await import('./list.ts')).listCommand(run),
    count: async (run) => (await import('./count.ts')).countCommand(run),
    watch: async (run) => (await import('./watch.ts')).watchCommand(run),
    event: async (run) => (await import('./event.ts')).eventCommand(run),
    events: async (run) => (await import('./events.ts')).eventsCommand(run),
    import: async (run) => (await import('./import.ts')).importCommand(run),
    export: async (run) => (await import('./export.ts')).exportCommand(run),
    status: async (run) => (await import('./status.ts')).statusCommand(run),
    members: async (run) => (await import('./members.ts')).membersCommand(run),
    join: async (run) => (await import('./join.ts')).joinCommand(run),
    leave: async (run) => (await import('./leave.ts')).leaveCommand(run),
    forget: async (run) => (await import('./forget.ts')).forgetCommand(run),
    sync: async (run) => (await import('./sync.ts')).syncCommand(run),
    aggregate: async (run) => (await import('./aggregate.ts')).aggregateCommand(run),
    collect: async (run) => (await import('./collect.ts')).collectCommand(run),
    backup: async (run) => (await import('./backup.ts')).backupCommand(run),
    restore: async (run) => (await import('./restore.ts')).restoreCommand(run),
    verify: async (run) => (await import('./verify.ts')).verifyCommand(run),
    clock: async (run) => (await import('./clock.ts')).clockCommand(run),
    certs: async (run) => (await import('./certs.ts')).certsCommand(run),
    config: async (run) => (await import('./config.ts')).configCommand(run),
    doctor: async (run) => (await import('./doctor.ts')).doctorCommand(run),
    simulate: async (run) => (await import('./simulate.ts')).simulateCommand(run),
    completion: async (run) =>
      (await import('./completion.ts')).completionCommand(run, () => createProgram(run, undefined)),
  }),
);

/** With the command that `first`, the first argument, names alone; with all of them if it names none, as for the help. */
async function createProgram(run: Run, first: string | undefined): Promise<Command> {
  const program = new Command('store')
    .description('Boato: a replicated key-value store without a leader.')
    .version(PACKAGE_VERSION, '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examplesText(EXAMPLES))
    .exitOverride();
  sayErrorsInSentences(program);
  const named = first === undefined ? undefined : COMMANDS.get(first);
  const creators = named === undefined ? [...COMMANDS.values()] : [named];
  const commands = await Promise.all(creators.map((create) => create(run)));
  for (const command of commands) program.addCommand(inherit(command, program));
  return program;
}

function sayErrorsInSentences(command: Command): void {
  command.configureOutput({ outputError: (text, write) => write(usageSentence(text, command)) });
}

/** A command that is added whole takes over nothing of what is above it by itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  sayErrorsInSentences(command);
  for (const sub of command.commands) inherit(sub, command);
  return command;
}

const EXAMPLES = [
  'store serve --port 7531 --peer 127.0.0.1:7532',
  'store put greeting "Good morning"',
  'store get greeting',
  'store status --data /tmp/b',
];

/** Such as `store clock repair`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** What commander says of bad arguments, as one sentence in the form of all others. */
function usageSentence(text: string, command: Command): string {
  const [first = '', ...more] = text
    .trim()
    .replace(/^error: /u, '')
    .split('\n');
  const whole = [first.replace(/\.$/u, ''), ...more]
    .join(' ')
    .replace('. Expected', ': expected')
    .replace('(Did you', '(did you');
  const mayBeArgument = /^unknown option [^(]*$/u.test(whole) && command.registeredArguments.length > 0;
  const dash = mayBeArgument ? '; put -- before an argument that begins with a dash' : '';
  const see = `${pathOf(command)} --help`;
  return `store: ${whole.charAt(0).toUpperCase()}${whole.slice(1)}${dash}, see \`${see}\`.\n`;
}
