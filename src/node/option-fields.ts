/** Single fields of options: each fails with `INVALID_OPTION`, in one sentence that names the field. */

import { isNodeId, type NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';

export function name(field: string, value: unknown): NodeId | undefined {
  if (value === undefined || isNodeId(value)) return value;
  throw invalid(field, 'must have 1 to 64 of the characters A-Z a-z 0-9 . _ -');
}

export function integer(field: string, value: unknown, byDefault: number, min: number, max: number): number {
  if (value === undefined) return byDefault;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(field, `must be an integer from ${min} to ${Math.floor(max)}, not ${shown(value)}`);
}

export function shown(value: unknown): string {
  // JSON has no word for these.
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  return JSON.stringify(value) ?? String(value);
}

export function invalid(field: string, what: string): BoatoError {
  return new BoatoError('INVALID_OPTION', `The option \`${field}\` ${what}.`);
}
