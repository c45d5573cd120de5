/** What users are told of a write that is on disk. */

import { makeToken, TOKEN_OF_NOTHING } from '../core/token.ts';
import type { Written } from '../storage/write.ts';
import type { BatchResult, DeleteResult, PutResult } from './write-api.ts';

export function putResult(written: Written, acks: number): PutResult {
  return { version: written.last, actor: written.actor, token: tokenOf(written), acks };
}

export function deleteResult(written: Written, acks: number): DeleteResult {
  return { existed: written.wereLive[0] === true, token: tokenOf(written), acks };
}

/** `undefined`: of a batch of nothing. */
export function batchResult(written: Written | undefined, acks: number): BatchResult {
  if (written === undefined) return { dots: [], token: TOKEN_OF_NOTHING, acks };
  const { actor, first, wereLive } = written;
  return { dots: wereLive.map((_, at) => ({ version: first + at, actor })), token: tokenOf(written), acks };
}

function tokenOf({ actor, first, last }: Written): string {
  return makeToken({ actor, version: last, entries: last - first + 1 });
}
