/** Turns entries of the replica into what users read: live ones only, with unpacked values. */

import { unpackValue } from '../adapters/value-codec.ts';
import { compareBytes } from '../core/bytes.ts';
import { type Entry as CoreEntry, isLive } from '../core/entry.ts';
import { BoatoError } from '../core/errors.ts';
import type { EntryBounds } from '../storage/keyspace.ts';
import type { EntryScan } from '../ports/replica.ts';
import { throwIfAborted } from './abort.ts';
import type { EntriesOptions, Entry, Value } from './api.ts';
import { READ_FIELDS } from './causal-reads.ts';
import { checkKnown } from './options.ts';
import { decodeKey, encodeText, prefixEnd } from './key.ts';

const FIELDS = ['prefix', 'gt', 'lt', 'limit', 'reverse', ...READ_FIELDS];

/** The entry as users see it, or `undefined` if it reads as absent. */
export function toPublic(entry: CoreEntry | undefined, wallMs: number): Entry | undefined {
  if (entry === undefined || !isLive(entry, wallMs)) return undefined;
  const { version, actor, expiresAt } = entry;
  const shown = { key: decodeKey(entry.key), value: unpackValue(entry.value), version, actor };
  return expiresAt === undefined ? shown : { ...shown, expiresAt };
}

/** The value alone: to make the rest of an entry takes as long again. */
export function liveValue(entry: CoreEntry | undefined, wallMs: number): Value | undefined {
  return entry === undefined || !isLive(entry, wallMs) ? undefined : unpackValue(entry.value);
}

export interface CheckedRange {
  /** `undefined`: nothing can lie in it. */
  readonly bounds: EntryBounds | undefined;
  readonly limit: number;
}

/** Fails with `INVALID_OPTION` or `INVALID_KEY`. */
export function checkRange(options: EntriesOptions): CheckedRange {
  checkKnown(options, FIELDS);
  const prefix = bound('prefix', options.prefix) ?? new Uint8Array(0);
  const gt = bound('gt', options.gt);
  const lt = bound('lt', options.lt);
  const { limit = Number.POSITIVE_INFINITY, reverse = false } = options;
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw invalid('limit', `must be an integer from 0, not ${String(limit)}`);
  }
  if (typeof reverse !== 'boolean') throw invalid('reverse', 'must be true or false');
  const end = prefixEnd(prefix);
  const upper = end === undefined || (lt !== undefined && compareBytes(lt, end) < 0) ? lt : end;
  const isAfterPrefix = gt !== undefined && compareBytes(gt, prefix) >= 0;
  const lower = isAfterPrefix ? gt : prefix;
  if (limit === 0 || (upper !== undefined && compareBytes(lower, upper) >= 0))
    return { bounds: undefined, limit };
  return { bounds: { ...(isAfterPrefix ? { gt } : { gte: prefix }), lt: upper, reverse }, limit };
}

/** Live entries of `scan`, which is closed at the end, or when the reader stops early, or calls it off. */
export async function* readLive(
  scan: EntryScan,
  limit: number,
  wallMs: () => number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry, void, undefined> {
  let left = limit;
  try {
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
      for (const stored of page) {
        const entry = toPublic(stored, wallMs());
        if (entry === undefined) continue;
        throwIfAborted(signal);
        yield entry;
        if (--left <= 0) return;
      }
    }
  } finally {
    await scan.close();
  }
}

function bound(field: string, value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(field, 'must be a string');
  return encodeText(value);
}

function invalid(field: string, what: string): BoatoError {
  return new BoatoError('INVALID_OPTION', `The option \`${field}\` ${what}.`);
}
