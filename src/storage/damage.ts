/** Damage: a record on disk that is not what was written. Whoever meets it tells the replica, once. */

import { BoatoError } from '../core/errors.ts';

export type OnDamage = (error: BoatoError) => void;

/** `what` is wrong with the record: the end of "A record on disk …". */
export function damaged(what: string): BoatoError {
  return new BoatoError(
    'RECORD_DAMAGED',
    `A record on disk ${what}; the disk or the folder was damaged. The node serves no peer until it has asked its peers for what is missing.`,
  );
}

export function isDamage(error: unknown): error is BoatoError {
  return error instanceof BoatoError && error.code === 'RECORD_DAMAGED';
}

/** Tells `onDamage` if `error` is damage, and hands it on to be thrown. */
export function reported(error: unknown, onDamage: OnDamage): unknown {
  if (isDamage(error)) onDamage(error);
  return error;
}

/** Runs `read`; damage that it meets is told to `onDamage`, and thrown. */
export async function reportingDamage<T>(onDamage: OnDamage, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw reported(error, onDamage);
  }
}
