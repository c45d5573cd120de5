/** Calling off what takes long. */

import { BoatoError } from '../core/errors.ts';

/** Fails with `INVALID_OPTION` for what is no `AbortSignal`. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new BoatoError('INVALID_OPTION', 'The option `signal` must be an AbortSignal.');
}

export function aborted(signal: AbortSignal): BoatoError {
  return new BoatoError('ABORTED', 'The call was called off.', { cause: signal.reason });
}

/** Fails with `ABORTED`. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

/** `pieces` until they are called off. */
export async function* unlessAborted<T>(
  pieces: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  throwIfAborted(signal);
  for await (const piece of pieces) {
    throwIfAborted(signal);
    yield piece;
  }
}
