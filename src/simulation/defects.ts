/** What a node only logs, though no correct node can come to it: it caught an error that is a defect, and went on. */

/** Errors of JavaScript itself, and broken invariants (`core/assert.ts`). */
const DEFECT = /\b(?:Invariant broken|(?:Type|Range|Reference|Syntax)Error)\b/u;

/** The sentence that tells of it, if this line of a log does. */
export function defectIn(level: string, message: string, fields: object): string | undefined {
  if (level !== 'warn' && level !== 'error') return undefined;
  const told = Object.values(fields).find((value) => typeof value === 'string' && DEFECT.test(value));
  if (told === undefined && !DEFECT.test(message)) return undefined;
  return told === undefined ? message : `${message} ${String(told)}`;
}
