/** `store completion`: scripts that let a shell complete the command line. */

import { Argument, Command } from 'commander';
import { examplesText, type Run } from './base-command.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { commandTree, type CompletedCommand } from './completion/tree.ts';
import { zshCompletion } from './completion/zsh.ts';
import { choiceOption } from './option-values.ts';

type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS: Readonly<Record<Shell, (program: CompletedCommand) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];

const EXAMPLES = [
  'source <(store completion bash)     # in ~/.bashrc, or in ~/.zshrc with zsh behind compinit',
  'store completion fish > ~/.config/fish/completions/store.fish',
];

/** `whole`: creates the program with all its commands. */
export function completionCommand(run: Run, whole: () => Promise<Command>): Command {
  const shell = new Argument('<shell>', 'whose script is wanted').choices(SHELLS);
  return new Command('completion')
    .description('print a script that lets a shell complete commands, options and their values')
    .addArgument(shell.argParser(choiceOption('The shell', SHELLS)))
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (name: Shell) => {
      await run.out.add(SCRIPTS[name](commandTree(await whole())));
      await run.out.flush();
    });
}
