/** Checks the conditions of writes in the same step in which they are decided. */

import { type Condition, ConditionError, holds } from '../core/condition.ts';
import { type Dot, isLive } from '../core/entry.ts';
import { EXPIRING, TOMBSTONE } from './entry-record.ts';
import type { Transaction } from './transaction.ts';

const decoder = new TextDecoder();

/** The dot of what is live under `key` as its group is decided; a tombstone and an expired entry are not. */
export function liveDot(transaction: Transaction, key: Uint8Array): Dot | undefined {
  const present = transaction.present(key);
  if (present === undefined) return undefined;
  const { flags, version, actorNo } = present;
  const tombstone = (flags & TOMBSTONE) !== 0;
  const expiresAt = flags & EXPIRING ? present.expiresAt : undefined;
  if (!isLive({ tombstone, expiresAt }, transaction.wallMs)) return undefined;
  return { actor: transaction.state.context.byNo(actorNo).actor, version };
}

/** `present`: of each write's key. Throws a `ConditionError` for the first condition that does not hold. */
export function checkConditions(
  writes: readonly { readonly key: Uint8Array; readonly condition?: Condition | undefined }[],
  present: readonly (Dot | undefined)[],
): void {
  writes.forEach(({ key, condition }, at) => {
    if (condition !== undefined && !holds(condition, present[at]))
      throw new ConditionError(decoder.decode(key), condition, present[at]);
  });
}
