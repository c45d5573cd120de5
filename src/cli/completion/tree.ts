/** The tree of commands as completion scripts need it: made from the program itself, so that it is never behind it. */

import type { Command, Option } from 'commander';
import { SettingOption } from '../settings/setting-option.ts';

/** What may stand there: one of some words, a path, or what nobody can guess. */
export type Completed = readonly string[] | 'file' | 'folder' | 'other';

export interface CompletedOption {
  /** `--help` and, where there is one, `-h`. */
  readonly flags: readonly string[];
  readonly about: string;
  readonly isRepeatable: boolean;
  /** Absent for an option without a value. */
  readonly value?: Completed;
}

export interface CompletedCommand {
  /** From the program on, such as `store clock repair`. */
  readonly path: string;
  readonly name: string;
  readonly about: string;
  readonly options: readonly CompletedOption[];
  /** Of its arguments; those of a command with commands below are their names. */
  readonly argument: Completed;
  readonly commands: readonly CompletedCommand[];
}

/** `above` and `beside`: the path to the command, and the commands that it is one of. */
export function commandTree(
  command: Command,
  above: string = '',
  beside: readonly Command[] = [],
): CompletedCommand {
  const name = command.name();
  const path = above === '' ? name : `${above} ${name}`;
  const help = command.createHelp();
  const commands = help.visibleCommands(command).map((sub) => commandTree(sub, path, command.commands));
  return {
    path,
    name,
    about: command.description(),
    options: help.visibleOptions(command).map(optionOf),
    argument: commands.length > 0 ? commands.map((sub) => sub.name) : argumentOf(command, beside),
    commands,
  };
}

/** A command and all below it. */
export function allCommands(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function argumentOf(command: Command, beside: readonly Command[]): Completed {
  // Commander makes `help` itself, and hangs it nowhere.
  if (command.parent === null) return beside.map((sub) => sub.name());
  const [first] = command.registeredArguments;
  return first?.argChoices ?? (first?.name() === 'file' ? 'file' : 'other');
}

function optionOf(option: Option): CompletedOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const known = {
    flags,
    about: option.description.replace(/ \(.*\)$/u, ''),
    isRepeatable: option instanceof SettingOption && option.setting.kind.fileType === 'list',
  };
  return option.required || option.optional ? { ...known, value: valueOf(option) } : known;
}

function valueOf({ argChoices, flags }: Option): Completed {
  if (argChoices !== undefined) return argChoices;
  if (flags.endsWith('<folder>')) return 'folder';
  return flags.endsWith('<file>') ? 'file' : 'other';
}
