/** Changes of source text that are made as a file is loaded (`edited-source.mjs`), to run the code with them. */

export interface Edit {
  /** From the root of the project. */
  readonly file: string;
  /** Must occur exactly once. */
  readonly find: string;
  readonly replace: string;
}

export function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace };
}
