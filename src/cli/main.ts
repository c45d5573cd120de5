/** The command line `store`: dispatches to one file a command, and turns what ends them into exit codes. */

import { Command, CommanderError } from 'commander';
import { PACKAGE_VERSION } from '../node/package-version.ts';
import { examplesText, type Run } from './base-command.ts';
import { EXIT_DONE, EXIT_USAGE, exitCodeOf } from './cli-error.ts';
import { aggregateCommand } from './aggregate.ts';
import { backupCommand } from './backup.ts';
import { certsCommand } from './certs.ts';
import { clockCommand } from './clock.ts';
import { collectCommand } from './collect.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config.ts';
import { countCommand } from './count.ts';
import { delCommand } from './del.ts';
import { doctorCommand } from './doctor.ts';
import { eventCommand } from './event.ts';
import { eventsCommand } from './events.ts';
import { exportCommand } from './export.ts';
import { forgetCommand } from './forget.ts';
import { getCommand } from './get.ts';
import { importCommand } from './import.ts';
import { joinCommand } from './join.ts';
import { leaveCommand } from './leave.ts';
import { listCommand } from './list.ts';
import { membersCommand } from './members.ts';
import { Output, OutputClosed } from './output.ts';
import { putCommand } from './put.ts';
import { restoreCommand } from './restore.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';
import { statusCommand } from './status.ts';
import { syncCommand } from './sync.ts';
import { verifyCommand } from './verify.ts';
import { watchCommand } from './watch.ts';
import { errorMessage } from '../server/error-message.ts';

/**
 * Runs `argv`, as `process.argv` has it, and resolves with the exit code: 0 done, 1 absent, 2 usage, 3 failure, 4 a condition
 * that did not hold.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const run: Run = { out: new Output(process.stdout), exitCode: EXIT_DONE };
  try {
    await createProgram(run).parseAsync(argv);
    return run.exitCode;
  } catch (error) {
    // Commander has said why already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
    if (error instanceof OutputClosed) return EXIT_DONE;
    process.stderr.write(`store: ${errorMessage(error)}\n`);
    return exitCodeOf(error);
  }
}

function createProgram(run: Run): Command {
  const program = new Command('store')
    .description('Boato: a replicated key-value store without a leader.')
    .version(PACKAGE_VERSION, '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examplesText(EXAMPLES))
    .exitOverride();
  sayErrorsInSentences(program);
  const commands = [
    serveCommand,
    putCommand,
    getCommand,
    delCommand,
    listCommand,
    countCommand,
    watchCommand,
    eventCommand,
    eventsCommand,
    importCommand,
    exportCommand,
    statusCommand,
    membersCommand,
    joinCommand,
    leaveCommand,
    forgetCommand,
    syncCommand,
    aggregateCommand,
    collectCommand,
    backupCommand,
    restoreCommand,
    verifyCommand,
    clockCommand,
    certsCommand,
    configCommand,
    doctorCommand,
    simulateCommand,
    completionCommand,
  ];
  for (const create of commands) program.addCommand(inherit(create(run), program));
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
