/** Completion for fish. */

import { allCommands, type Completed, type CompletedCommand, type CompletedOption } from './tree.ts';

export function fishCompletion(program: CompletedCommand): string {
  const commands = allCommands(program);
  const below = commands.slice(1).map(({ path }) => quote(path));
  const lines = commands.flatMap(commandLines);
  return `# Completion of \`store\` for fish, printed by \`store completion fish\`.
function __store_command
    set -l command store
    for word in (commandline -opc)
        switch "$command $word"
            case ${below.join(' ')}
                set command "$command $word"
        end
    end
    echo $command
end

complete -c store -f
${lines.join('\n')}
`;
}

function commandLines({ path, options, argument, commands }: CompletedCommand): readonly string[] {
  const start = `complete -c store -n ${quote(`test (__store_command) = "${path}"`)}`;
  const names = commands.map(({ name, about }) => `${start} -a ${quote(name)} -d ${quote(about)}`);
  const ofArgument =
    commands.length > 0 || argument === 'other' ? [] : [`${start} ${valueFlags(argument, '')}`];
  return [...names, ...ofArgument, ...options.map((option) => `${start} ${optionFlags(option)}`)];
}

function optionFlags({ flags, about, value }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${quote(flag.slice(2))}` : `-s ${quote(flag.slice(1))}`,
  );
  const values = value === undefined ? [] : [valueFlags(value, '-x ')];
  return [...names, ...values, `-d ${quote(about)}`].join(' ');
}

/** `exclusive`: what says that an option takes a value, and no file. */
function valueFlags(completed: Completed, exclusive: string): string {
  switch (completed) {
    case 'other':
      return exclusive.trimEnd();
    case 'file':
      return exclusive === '' ? '-F' : '-r -F';
    case 'folder':
      return `${exclusive}-a '(__fish_complete_directories)'`;
    default:
      return `${exclusive}-a ${quote(completed.join(' '))}`;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/gu, String.raw`\$&`)}'`;
}
