/** Writes that are answered once so many nodes hold them: write concern, in the words of MongoDB; W in those of Dynamo. */

import { BoatoError } from '../core/errors.ts';
import type { Written } from '../storage/write.ts';
import type { BatchResult, DeleteResult, PutResult, WriteConcern } from './write-api.ts';
import { DELAY_MS_MAX } from './options.ts';

/** More than any cluster has; a larger number is a mistake. */
export const ACKS_MAX = 1024;

const TIMEOUT_MS = 10_000;

export type WriteResult = PutResult | DeleteResult | BatchResult;

/**
 * The write is on disk here, and on fewer nodes than were asked for; `code` is `TOO_FEW_ACKS`. It stays, and goes on
 * spreading: writing it again is another write.
 */
export class TooFewAcksError extends BoatoError {
  /** What the call would have answered; `result.acks` nodes are known to hold it. */
  readonly result: WriteResult;

  constructor({ acks, timeoutMs }: Required<WriteConcern>, result: WriteResult) {
    super(
      'TOO_FEW_ACKS',
      `The write is on disk here, but ${result.acks === 1 ? 'no other node is' : `only ${result.acks} nodes, this one included, are`} known to hold it after ${timeoutMs} ms, and ${acks} were asked for: it stays, and goes on spreading, so do not write it again; see which peers are connected.`,
    );
    this.name = 'TooFewAcksError';
    this.result = result;
  }
}

export class WriteConcerns {
  /** Resolves with how many peers hold a write, as soon as `count` do, or after `timeoutMs`. Absent where there are none. */
  untilHeld:
    | ((
        write: { readonly actor: Written['actor']; readonly version: Written['last'] },
        count: number,
        timeoutMs: number,
      ) => Promise<number>)
    | undefined;

  /** Of a write with these options, and the options without it. Fails with `INVALID_OPTION`. */
  take<Options extends WriteConcern>(
    options: Options,
  ): { readonly concern: Required<WriteConcern>; readonly rest: Omit<Options, keyof WriteConcern> } {
    // What is no object is refused by whoever looks at the rest.
    if (typeof options !== 'object' || options === null) return { concern: NONE, rest: options };
    // To copy the rest costs more than all else here.
    if (!('acks' in options) && !('timeoutMs' in options)) return { concern: NONE, rest: options };
    const { acks = 1, timeoutMs = TIMEOUT_MS, ...rest } = options;
    checkNumber('acks', acks, ACKS_MAX);
    checkNumber('timeoutMs', timeoutMs, DELAY_MS_MAX);
    if (acks > 1 && this.untilHeld === undefined)
      throw new BoatoError(
        'INVALID_OPTION',
        'The option `acks` cannot be more than 1 here: a store without a running node reaches no other.',
      );
    return { concern: { acks, timeoutMs }, rest };
  }

  /** The result, once as many nodes hold the write. Fails with `TOO_FEW_ACKS`. */
  met<Result extends WriteResult>(
    concern: Required<WriteConcern>,
    { actor, last }: Written,
    resultOf: (acks: number) => Result,
  ): Result | Promise<Result> {
    const { acks, timeoutMs } = concern;
    // At once: most writes wait for nobody, and a promise more would cost each of them.
    if (acks === 1 || this.untilHeld === undefined) return resultOf(1);
    return this.untilHeld({ actor, version: last }, acks - 1, timeoutMs).then((others) => {
      const result = resultOf(1 + others);
      if (result.acks < acks) throw new TooFewAcksError(concern, result);
      return result;
    });
  }
}

const NONE: Required<WriteConcern> = { acks: 1, timeoutMs: TIMEOUT_MS };

function checkNumber(option: string, value: unknown, max: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max) return;
  throw new BoatoError('INVALID_OPTION', `The option \`${option}\` must be an integer from 1 to ${max}.`);
}
