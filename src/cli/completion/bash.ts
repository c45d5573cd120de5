/** Completion for bash, 3.2 (macOS) and later. */

import { allCommands, type Completed, type CompletedCommand, type CompletedOption } from './tree.ts';

export function bashCompletion(program: CompletedCommand): string {
  const commands = allCommands(program);
  const below = commands.slice(1).map(({ path }) => `'${path}'`);
  return `# Completion of \`store\` for bash, printed by \`store completion bash\`.
_store_words() {
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}

_store_paths() {
  local path
  compopt -o filenames 2> /dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$current")
}

_store() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=store word
  COMPREPLY=()
  # --option=value comes in three words.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "$command $word" in
      ${below.join(' | ')}) command="$command $word" ;;
    esac
  done
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}

complete -F _store store
`;
}

/** Where no argument can be guessed, the options are shown. */
function commandCase({ path, options, argument }: CompletedCommand): string {
  const flags = `_store_words '${options.flatMap((option) => option.flags).join(' ')}'`;
  const rest =
    argument === 'other' ? [flags] : [`[[ $current != -* ]] || { ${flags}; return; }`, reply(argument)];
  const lines = [...valueCases(options), ...rest].map((line) => `      ${line}`);
  return `    '${path}')\n${lines.join('\n')}\n      ;;`;
}

/** Options whose values are completed in the same way share a line. */
function valueCases(options: readonly CompletedOption[]): readonly string[] {
  const flagsByReply = new Map<string, readonly string[]>();
  for (const { flags, value } of options) {
    if (value === undefined) continue;
    const key = reply(value);
    flagsByReply.set(key, [...(flagsByReply.get(key) ?? []), ...flags]);
  }
  if (flagsByReply.size === 0) return [];
  const cases = [...flagsByReply].map(([key, flags]) => {
    return `  ${flags.join(' | ')}) ${key === '' ? '' : `${key}; `}return ;;`;
  });
  return ['case "$previous" in', ...cases, 'esac'];
}

function reply(completed: Completed): string {
  switch (completed) {
    case 'other':
      return '';
    case 'file':
      return '_store_paths -f';
    case 'folder':
      return '_store_paths -d';
    default:
      return `_store_words '${completed.join(' ')}'`;
  }
}
