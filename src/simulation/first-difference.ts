/** Where two event logs part, for people. */

/** `undefined` if they are the same. */
export function firstDifference(first: readonly string[], second: readonly string[]): string | undefined {
  const at = first.findIndex((line, index) => line !== second[index]);
  if (at === -1 && first.length === second.length) return undefined;
  const line = at === -1 ? first.length : at;
  const of = (log: readonly string[]): string => log[line] ?? '(it had ended)';
  return [
    `Two runs of one seed differ from line ${line + 1} of the event log on:`,
    `  first:  ${of(first)}`,
    `  second: ${of(second)}`,
    `  before: ${first[line - 1] ?? '(nothing)'}`,
  ].join('\n');
}
