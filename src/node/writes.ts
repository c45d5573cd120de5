/** Turns what users write into writes of the replica; everything is checked before anything is queued. */

import { packValue } from '../adapters/value-codec.ts';
import { isActor } from '../core/actor.ts';
import { byteString } from '../core/bytes.ts';
import type { Condition } from '../core/condition.ts';
import { BoatoError } from '../core/errors.ts';
import type { Limits } from '../core/limits.ts';
import { isVersion } from '../core/version.ts';
import type { Write } from '../storage/write.ts';
import type { BatchOperation, DeleteOptions, Dot, PutOptions } from './api.ts';
import { encodeKey } from './key.ts';
import { checkKnown } from './options.ts';

const PUT_FIELDS = ['ttlMs', 'expiresAt', 'ifVersion', 'ifAbsent'];
const DELETE_FIELDS = ['ifVersion'];

/** A class for the sake of V8: `core/young.ts`. */
class CheckedWrite implements Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly expiresAt: number | undefined;
  readonly condition: Condition | undefined;

  constructor(
    key: Uint8Array,
    value: Uint8Array | undefined,
    expiresAt: number | undefined,
    condition: Condition | undefined,
  ) {
    this.key = key;
    this.value = value;
    this.expiresAt = expiresAt;
    this.condition = condition;
  }
}

export function putWrite(
  key: unknown,
  value: unknown,
  options: PutOptions,
  limits: Limits,
  wallMs: number,
): Write {
  checkKnown(options, PUT_FIELDS);
  const bytes = encodeKey(key, limits.keyBytesMax);
  const packed = packValue(value);
  if (packed.length > limits.valueBytesMax) {
    throw new BoatoError(
      'VALUE_TOO_LARGE',
      `A value must have at most ${limits.valueBytesMax} bytes packed, and this one has ${packed.length}: split it, or store it elsewhere and its place here.`,
    );
  }
  const expiresAt = expiryOf(options, wallMs);
  return new CheckedWrite(bytes, packed, expiresAt, conditionOf(options));
}

export function deleteWrite(key: unknown, options: DeleteOptions, limits: Limits): Write {
  checkKnown(options, DELETE_FIELDS);
  const bytes = encodeKey(key, limits.keyBytesMax);
  return new CheckedWrite(bytes, undefined, undefined, conditionOf(options));
}

export function batchWrites(operations: readonly BatchOperation[], limits: Limits, wallMs: number): Write[] {
  if (!Array.isArray(operations))
    throw new BoatoError('BATCH_INVALID', 'A batch must be a list of operations.');
  if (operations.length > limits.batchEntriesMax) {
    throw new BoatoError(
      'BATCH_TOO_LARGE',
      `A batch must have at most ${limits.batchEntriesMax} operations, and this one has ${operations.length}.`,
    );
  }
  const seen = new Set<string>();
  let total = 0;
  // `Array.from` shows holes, which `map` would skip.
  return Array.from(operations, (operation: unknown, index) => {
    const write = operationWrite(operation, index, limits, wallMs);
    const name = byteString(write.key);
    if (seen.has(name)) {
      throw new BoatoError(
        'BATCH_INVALID',
        `Operation ${index} of the batch has a key that occurred before in it.`,
      );
    }
    seen.add(name);
    total += write.key.length + (write.value?.length ?? 0);
    if (total > limits.batchBytesMax) {
      throw new BoatoError(
        'BATCH_TOO_LARGE',
        `A batch must have at most ${limits.batchBytesMax} bytes of keys and packed values, and this one has more.`,
      );
    }
    return write;
  });
}

function operationWrite(operation: unknown, index: number, limits: Limits, wallMs: number): Write {
  const { type, key, value, ...options } = (
    typeof operation === 'object' && operation !== null ? operation : {}
  ) as Record<string, unknown>;
  if (type === 'put') return putWrite(key, value, options, limits, wallMs);
  if (type === 'del') {
    return deleteWrite(key, value === undefined ? options : { ...options, value }, limits);
  }
  throw new BoatoError('BATCH_INVALID', `Operation ${index} of the batch must have the type 'put' or 'del'.`);
}

/** Fails with `INVALID_OPTION`, also where `ifVersion` is given as `undefined`: the write would be unconditional. */
function conditionOf(options: PutOptions): Condition | undefined {
  const { ifVersion, ifAbsent = false } = options;
  if (typeof ifAbsent !== 'boolean')
    throw new BoatoError('INVALID_OPTION', 'The option `ifAbsent` must be true or false.');
  if (!('ifVersion' in options)) return ifAbsent ? 'absent' : undefined;
  if (ifAbsent) throw new BoatoError('INVALID_OPTION', 'Give either `ifVersion` or `ifAbsent`, not both.');
  if (isVersion(ifVersion)) return { version: ifVersion, actor: undefined };
  const { version, actor } = (ifVersion ?? {}) as Partial<Record<keyof Dot, unknown>>;
  if (isVersion(version) && isActor(actor)) return { version, actor };
  throw new BoatoError(
    'INVALID_OPTION',
    'The option `ifVersion` must be an entry that was read or written, or its version; for no entry there is `ifAbsent`.',
  );
}

function expiryOf({ ttlMs, expiresAt }: PutOptions, wallMs: number): number | undefined {
  if (ttlMs !== undefined && expiresAt !== undefined) {
    throw new BoatoError('INVALID_EXPIRY', 'Give either ttlMs or expiresAt, not both.');
  }
  if (ttlMs !== undefined) {
    if (isPositiveInteger(ttlMs) && isPositiveInteger(wallMs + ttlMs)) return wallMs + ttlMs;
    throw new BoatoError(
      'INVALID_EXPIRY',
      `ttlMs must be a positive integer of milliseconds, not ${String(ttlMs)}.`,
    );
  }
  if (expiresAt === undefined || isPositiveInteger(expiresAt)) return expiresAt;
  throw new BoatoError(
    'INVALID_EXPIRY',
    `expiresAt must be a positive integer, milliseconds since 1970, not ${String(expiresAt)}.`,
  );
}

function isPositiveInteger(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
