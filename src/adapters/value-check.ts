/** Which values come back from msgpack exactly as they were; all others are refused, never changed silently. */

import { types } from 'node:util';
import { BoatoError } from '../core/errors.ts';
import { isWellFormed } from '../core/well-formed.ts';

/** Arrays and objects inside one another; cycles end here, too. */
export const VALUE_DEPTH_MAX = 64;

const BIGINT_MIN = -(2n ** 63n);
const BIGINT_MAX = 2n ** 64n - 1n;

/** Where a check is: names of properties and indices of items, from the outside in. */
type Path = (string | number)[];

/**
 * Fails with `INVALID_VALUE`: one sentence that names the place. Properties that were put on a `Uint8Array` are the
 * only thing that is not looked for: to list them takes longer than to store the bytes.
 */
export function checkValue(value: unknown): void {
  check(value, []);
}

function check(value: unknown, path: Path): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'number':
      if (Object.is(value, -0)) throw refused('-0', path);
      return;
    case 'bigint':
      if (value < BIGINT_MIN || value > BIGINT_MAX) throw refused('a bigint of more than 64 bits', path);
      return;
    case 'string':
      if (!isWellFormed(value)) throw refused('a string with a lone surrogate', path);
      return;
    case 'object':
      if (value !== null) checkObject(value, path);
      return;
    case 'undefined':
      throw refused('undefined', path);
    case 'function':
    case 'symbol':
      throw refused(`a ${typeof value}`, path);
  }
}

function checkObject(value: object, path: Path): void {
  switch (Object.getPrototypeOf(value)) {
    case Uint8Array.prototype:
    case Buffer.prototype:
      if (!types.isUint8Array(value)) throw refused('an object that only looks like bytes', path);
      return;
    case Date.prototype:
      return checkDate(value, path);
    case Array.prototype:
      if (!Array.isArray(value)) throw refused('an object that only looks like an array', path);
      return checkArray(value, path);
    case Object.prototype:
    case null:
      return checkProperties(value, path);
    default:
      throw refused(nameOf(value), path);
  }
}

function checkProperties(value: object, path: Path): void {
  if (Array.isArray(value)) throw refused('an array without its prototype', path);
  checkDepth(path);
  for (const name of Reflect.ownKeys(value)) {
    if (typeof name === 'symbol') throw refused('a property named by a symbol', path);
    if (name === '__proto__') throw refused('a property named __proto__', path);
    if (!isWellFormed(name)) throw refused('a property name with a lone surrogate', path);
    const property = Object.getOwnPropertyDescriptor(value, name) as PropertyDescriptor;
    path.push(name);
    if (!('value' in property)) throw refused('a computed property', path);
    if (property.enumerable !== true) throw refused('a hidden property', path);
    check(property.value, path);
    path.pop();
  }
}

/** Long arrays are common: descriptors of all items would take longer than to store them. */
function checkArray(value: readonly unknown[], path: Path): void {
  checkDepth(path);
  // Every index and `length`; fewer means holes.
  const names = Reflect.ownKeys(value).length - 1;
  if (names > value.length) throw refused('an array with properties of its own', path);
  for (let index = 0; index < value.length; index++) {
    path.push(index);
    if (!isEnumerable(value, index)) throw refused('a hole in an array, or a hidden item,', path);
    if (hasGetter(value, index)) throw refused('a computed item', path);
    check(value[index], path);
    path.pop();
  }
}

interface Inspected {
  propertyIsEnumerable(index: number): boolean;
  __lookupGetter__(index: number): unknown;
}

/** As of every object: an array may have lost these, or have others of its own. */
const inspect = Object.prototype as unknown as Inspected;

function isEnumerable(array: readonly unknown[], index: number): boolean {
  return inspect.propertyIsEnumerable.call(array, index);
}

function hasGetter(array: readonly unknown[], index: number): boolean {
  return inspect.__lookupGetter__.call(array, index) !== undefined;
}

function checkDepth(path: Path): void {
  if (path.length >= VALUE_DEPTH_MAX) {
    throw refused(`a cycle, or more than ${VALUE_DEPTH_MAX} levels of arrays and objects,`, path);
  }
}

function checkDate(value: object, path: Path): void {
  if (!types.isDate(value)) throw refused('an object that only looks like a Date', path);
  if (Reflect.ownKeys(value).length > 0) throw refused('a Date with properties of its own', path);
  if (Number.isNaN(value.getTime())) throw refused('an invalid Date', path);
}

/** For people: "a Set", "an Error". */
function nameOf(value: object): string {
  // Not by reading `constructor`, which may be a function of someone else's.
  const prototype = Object.getPrototypeOf(value) as object;
  const maker = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as
    | { name?: unknown }
    | undefined;
  const name = maker?.name;
  if (typeof name !== 'string' || name === '' || name === 'Object') return 'an object with a prototype';
  return `${/^[AEIOU]/iu.test(name) ? 'an' : 'a'} ${shortened(name)}`;
}

function refused(what: string, path: Path): BoatoError {
  const place = shortened(path.map(stepOf).join(''));
  return new BoatoError('INVALID_VALUE', `The value cannot be stored: ${what}${place && ` at ${place}`}.`);
}

function stepOf(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

const SHOWN_MAX = 120;

function shortened(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
