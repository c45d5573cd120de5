/** Conditions on writes: compare-and-set against what is live under the key on this node. */

import { BoatoError } from './errors.ts';

/** What must be live under the key: the entry with this version (and of this actor, if one is given), or none at all. */
export type Condition = 'absent' | { readonly version: number; readonly actor: string | undefined };

/** What is live under a key. */
export type Found = { readonly version: number; readonly actor: string } | undefined;

export function holds(condition: Condition, present: Found): boolean {
  if (condition === 'absent') return present === undefined;
  if (present === undefined || present.version !== condition.version) return false;
  return condition.actor === undefined || condition.actor === present.actor;
}

/** The condition of a write did not hold, `code` is `CONDITION_FAILED`, and nothing was changed. */
export class ConditionError extends BoatoError {
  /** Of the write; of a batch, the first one whose condition did not hold. */
  readonly key: string;
  /** What is live under the key; `undefined` if nothing is. */
  readonly present: Found;

  constructor(key: string, condition: Condition, present: Found) {
    const found = present === undefined ? 'no live entry' : `version ${present.version} of ${present.actor}`;
    super(
      'CONDITION_FAILED',
      `The key ${JSON.stringify(key)} holds ${found}, and the write asks for ${wanted(condition)}: nothing was changed; read the key again, and decide anew.`,
    );
    this.name = 'ConditionError';
    this.key = key;
    this.present = present && { version: present.version, actor: present.actor };
  }
}

function wanted(condition: Condition): string {
  if (condition === 'absent') return 'none';
  const { version, actor } = condition;
  return actor === undefined ? `version ${version}` : `version ${version} of ${actor}`;
}
