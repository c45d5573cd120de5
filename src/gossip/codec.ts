/** What it takes for messages of one type to travel; each section of `docs/PROTOCOL.md` has a file of them. */

import type { Fields } from './validated-fields.ts';

export interface Codec<M> {
  /** First position. Part of the protocol, and in use for one type only. */
  readonly number: number;
  /** The others. */
  readonly positions: (message: M) => readonly unknown[];
  /**
   * Takes the others. Arguments are evaluated in the order in which they are written: that of the positions. Throws
   * `MalformedBytes`.
   */
  readonly read: (fields: Fields) => M;
}

/** One for each type of message. */
export type CodecsOf<M extends { readonly type: string }> = {
  readonly [Type in M['type']]: Codec<Extract<M, { readonly type: Type }>>;
};
