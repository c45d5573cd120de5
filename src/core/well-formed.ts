/** Strings that UTF-8 can carry: without lone surrogates. */

/** Newer than the language level of the project, and in every Node.js that it runs on. */
interface NewerString {
  isWellFormed(): boolean;
}

export function isWellFormed(text: string): boolean {
  return (text as unknown as NewerString).isWellFormed();
}
