/** Completion for zsh: `_arguments` has the grammar of its specifications. */

import { allCommands, type Completed, type CompletedCommand, type CompletedOption } from './tree.ts';

export function zshCompletion(program: CompletedCommand): string {
  const commands = allCommands(program);
  const below = commands.slice(1).map(({ path }) => quote(path));
  return `#compdef store
# Completion of \`store\` for zsh, printed by \`store completion zsh\`.
_store() {
  local command=store
  local -i at depth=1
  local -a commands
  for ((at = 2; at < CURRENT; at++)); do
    case "$command $words[at]" in
      (${below.join('|')}) command="$command $words[at]" depth=at ;;
    esac
  done
  # The command comes first from here on.
  shift $((depth - 1)) words
  ((CURRENT -= depth - 1))
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _store ]]; then
  _store "$@"
else
  compdef _store store
fi
`;
}

function commandCase({ path, options, argument, commands }: CompletedCommand): string {
  const specifications = options.map(optionSpecification);
  if (commands.length === 0) specifications.push(`*:argument:${actionOf(argument)}`);
  const complete = `_arguments ${specifications.map(quote).join(' ')}`;
  if (commands.length === 0) return `    (${quote(path)}) ${complete} ;;`;
  const described = commands.map(({ name, about }) => quote(`${name}:${about.replaceAll('\\', '\\\\')}`));
  return `    (${quote(path)})
      commands=(${described.join(' ')})
      if [[ $words[CURRENT] == -* ]]; then
        ${complete}
      else
        _describe command commands
      fi
      ;;`;
}

function optionSpecification({ flags, about, isRepeatable, value }: CompletedOption): string {
  const flag = flags.at(-1) ?? '';
  const text = about.replaceAll(/[[\]:\\]/gu, String.raw`\$&`);
  const once = `${isRepeatable ? '*' : ''}${flag}${value === undefined ? '' : '='}[${text}]`;
  return value === undefined ? once : `${once}:value:${actionOf(value)}`;
}

function actionOf(completed: Completed): string {
  switch (completed) {
    case 'other':
      return ' ';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    default:
      return `(${completed.join(' ')})`;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
