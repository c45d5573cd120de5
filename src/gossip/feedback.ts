/** What a receiver answers of each piece of news (Demers et al. 1987, section 1.4). */

import { MalformedBytes } from '../core/byte-reader.ts';

/** Part of the protocol. */
export const FEEDBACK = {
  /** It was news, and is kept there now: a rumour, on disk. */
  news: 0,
  /** It is kept there, and was before. */
  known: 1,
  /** It cannot be taken now: something before it is missing, or nothing is taken. */
  notHeld: 2,
} as const;

export type Feedback = (typeof FEEDBACK)[keyof typeof FEEDBACK];

/** Throws `MalformedBytes` on what is not one answer for each of `count` pieces of news. */
export function checkFeedback(bytes: Uint8Array, count: number): readonly Feedback[] {
  if (bytes.length !== count || bytes.some((answer) => answer > FEEDBACK.notHeld))
    throw new MalformedBytes('feedback on other news than was told');
  return [...bytes] as Feedback[];
}
