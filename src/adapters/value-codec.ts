/**
 * Values as bytes, through `msgpackr`. What would come back changed is refused: seen with msgpackr 2.1 are Set, Map,
 * RegExp, Error, -0, sparse arrays, typed arrays, lone surrogates, and the plain key `__proto__`.
 */

import { Packr } from 'msgpackr';
import { BoatoError } from '../core/errors.ts';
import { isWellFormed } from '../core/well-formed.ts';
import type { Value } from '../node/api.ts';

/** Arrays and objects inside one another; cycles end here, too. */
const DEPTH_MAX = 64;

const BIGINT_MIN = -(2n ** 63n);
const BIGINT_MAX = 2n ** 64n - 1n;

const packr = new Packr({ useRecords: false, moreTypes: false, copyBuffers: true });

/** Fails with `INVALID_VALUE`: one sentence that names the place. */
export function packValue(value: unknown): Uint8Array {
  check(value, '', 0);
  return packr.pack(value);
}

/** The value that was packed. Fails with `RECORD_DAMAGED` on bytes that `packValue` did not make. */
export function unpackValue(bytes: Uint8Array): Value {
  try {
    // A plain view: `msgpackr` makes byte strings of the class of what it reads.
    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Value;
  } catch (cause) {
    throw new BoatoError('RECORD_DAMAGED', 'A stored value is not a packed value.', { cause });
  }
}

function check(value: unknown, place: string, depth: number): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'number':
      if (Object.is(value, -0)) throw refused('-0', place);
      return;
    case 'bigint':
      if (value < BIGINT_MIN || value > BIGINT_MAX) throw refused('a bigint of more than 64 bits', place);
      return;
    case 'string':
      if (!isWellFormed(value)) throw refused('a string with a lone surrogate', place);
      return;
    case 'object':
      if (value !== null) checkObject(value, place, depth);
      return;
    case 'undefined':
    case 'function':
    case 'symbol':
      throw refused(typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`, place);
  }
}

function checkObject(value: object, place: string, depth: number): void {
  if (value instanceof Uint8Array) return checkBytes(value, place);
  if (value instanceof Date) return checkDate(value, place);
  if (depth === DEPTH_MAX)
    throw refused(`something nested deeper than ${DEPTH_MAX} levels`, place.slice(0, 60));
  if (Array.isArray(value)) return checkArray(value, place, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused(describe(value), place);
  for (const name of Reflect.ownKeys(value)) {
    if (typeof name === 'symbol') throw refused('a symbol as a name', place);
    if (name === '__proto__') throw refused('the name __proto__', place);
    if (!isWellFormed(name)) throw refused('a name with a lone surrogate', place);
    const property = Object.getOwnPropertyDescriptor(value, name) as PropertyDescriptor;
    if (!('value' in property) || property.enumerable !== true) {
      throw refused('a property that is computed or hidden', `${place}.${name}`);
    }
    check(property.value, `${place}.${name}`, depth + 1);
  }
}

function checkArray(value: readonly unknown[], place: string, depth: number): void {
  if (Object.getPrototypeOf(value) !== Array.prototype) throw refused(describe(value), place);
  // Every index and `length`: fewer means holes, more means properties of its own.
  if (Reflect.ownKeys(value).length !== value.length + 1) {
    throw refused('an array with holes or names', place);
  }
  for (const [index, item] of value.entries()) check(item, `${place}[${index}]`, depth + 1);
}

function checkBytes(value: Uint8Array, place: string): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Uint8Array.prototype && prototype !== Buffer.prototype)
    throw refused(describe(value), place);
}

function checkDate(value: Date, place: string): void {
  if (Object.getPrototypeOf(value) !== Date.prototype || Reflect.ownKeys(value).length > 0) {
    throw refused(describe(value), place);
  }
  if (Number.isNaN(value.getTime())) throw refused('an invalid Date', place);
}

function describe(value: object): string {
  const { name } = (value.constructor ?? {}) as { name?: unknown };
  return typeof name === 'string' && name !== ''
    ? `an object of class ${name}`
    : 'an object with a prototype';
}

function refused(what: string, place: string): BoatoError {
  const where = place === '' ? '' : ` at ${place.startsWith('[') ? place : place.slice(1)}`;
  return new BoatoError(
    'INVALID_VALUE',
    `The value cannot be stored, for it would not come back the same: ${what}${where}.`,
  );
}
