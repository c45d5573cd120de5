/** Strings that UTF-8 can carry: without lone surrogates. */

/** Newer than the language level of the project, and in every Node.js that it runs on. */
const { isWellFormed: check } = String.prototype as unknown as { isWellFormed(this: string): boolean };

export function isWellFormed(text: string): boolean {
  return check.call(text);
}
