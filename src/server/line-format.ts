/** Entries as lines of JSON: the form of `store export`, `store import`, `store list --json` and of the HTTP bodies. */

import { BoatoError } from '../core/errors.ts';
import type { BatchOperation, DeleteOptions, Entry, PutOptions, Value } from '../node/api.ts';
import { parseExactJson } from './exact-json.ts';
import { valueFromJson, valueToJson, type ValueJson } from './value-json.ts';

/** A line of an export. `expiresAt`: milliseconds since 1970, absent for an entry that does not expire. */
export interface ExportedEntry extends ValueJson {
  readonly key: string;
  readonly expiresAt?: number;
}

/** An entry as `GET` answers it and `list` shows it: the line of an export with the entry's dot. */
export interface ShownEntry extends ExportedEntry {
  readonly version: number;
  readonly actor: string;
}

/** What a `PUT` body or a line of an import asks for. */
export interface PutRequest {
  readonly key: string;
  readonly value: Value;
  readonly options: PutOptions;
}

export function exportedEntry(entry: Entry): ExportedEntry {
  const { type, value } = valueToJson(entry.value);
  const line = { key: entry.key, value, type };
  return entry.expiresAt === undefined ? line : { ...line, expiresAt: entry.expiresAt };
}

export function shownEntry(entry: Entry): ShownEntry {
  return { ...exportedEntry(entry), version: entry.version, actor: entry.actor };
}

/** The entry that `shownEntry` was given. */
export function entryFromShown(shown: ShownEntry): Entry {
  const { key, version, actor } = shown;
  const entry = { key, value: valueFromJson(shown.value, shown.type), version, actor };
  return shown.expiresAt === undefined ? entry : { ...entry, expiresAt: shown.expiresAt };
}

/**
 * Reads a line of an import: an object with `key`, `value`, and optionally `type` and `expiresAt` or `ttlMs`. `version` and
 * `actor`, which `list --json` adds, are ignored: an import writes anew. Throws `INVALID_VALUE`; whether key, value and
 * expiry are within the limits, the store says.
 */
export function parsePutLine(line: string): PutRequest {
  return putRequest(parseJson(line, 'INVALID_VALUE', 'The line'));
}

/** A `PUT` body: the line of an import, its key given apart. */
export function parsePutBody(key: string, body: unknown): PutRequest {
  const fields = jsonObject(body, 'The body');
  if (fields['key'] !== undefined && fields['key'] !== key) {
    throw new BoatoError('INVALID_KEY', 'The field "key" of the body differs from the key in the address.');
  }
  return putRequest({ ...fields, key });
}

/** An operation of a batch: the line of an import with `"op": "put"`, or `{"op": "del", "key": …}`, and its condition. */
export function parseOperation(json: unknown): BatchOperation {
  const { op, ifVersion, ifAbsent, ...fields } = jsonObject(json, 'An operation');
  const version = ifVersion === undefined ? {} : { ifVersion: ifVersion as DeleteOptions['ifVersion'] };
  if (op === 'put') {
    const { key, value, options } = putRequest(fields);
    const absent = ifAbsent === undefined ? {} : { ifAbsent: ifAbsent as boolean };
    // Whether a condition makes sense, the store says.
    return { type: 'put', key, value, ...options, ...version, ...absent } as BatchOperation;
  }
  if (op !== 'del')
    throw new BoatoError('BATCH_INVALID', 'The field "op" of an operation must be "put" or "del".');
  refuseOtherFields(ifAbsent === undefined ? fields : { ...fields, ifAbsent }, ['key']);
  return { type: 'del', key: stringField(fields, 'key'), ...version } as BatchOperation;
}

/** `parseExactJson` with one sentence for what is not JSON; `what` begins it. */
export function parseJson(text: string, code: 'INVALID_VALUE' | 'INVALID_OPTION', what: string): unknown {
  return parseExactJson(text, (cause) => {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/gu, ' ').slice(0, 120) : 'unreadable';
    return new BoatoError(code, `${what} is not JSON: ${reason}.`, { cause });
  });
}

function putRequest(json: unknown): PutRequest {
  const fields = jsonObject(json, 'The line');
  refuseOtherFields(fields, ['key', 'value', 'type', 'expiresAt', 'ttlMs', 'version', 'actor']);
  const expiresAt = numberField(fields, 'expiresAt');
  const ttlMs = numberField(fields, 'ttlMs');
  return {
    key: stringField(fields, 'key'),
    value: valueFromJson(fields['value'], fields['type']),
    options: { ...(expiresAt === undefined ? {} : { expiresAt }), ...(ttlMs === undefined ? {} : { ttlMs }) },
  };
}

function jsonObject(json: unknown, what: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new BoatoError('INVALID_VALUE', `${what} must be a JSON object.`);
}

function stringField(fields: Record<string, unknown>, name: string): string {
  const field = fields[name];
  if (typeof field === 'string') return field;
  throw new BoatoError('INVALID_KEY', `The field "${name}" must be a string.`);
}

function numberField(fields: Record<string, unknown>, name: string): number | undefined {
  const field = fields[name];
  // JSON has numbers that are too large to be one here.
  if (field === undefined || Number.isFinite(field)) return field as number | undefined;
  throw new BoatoError('INVALID_EXPIRY', `The field "${name}" must be a number of milliseconds.`);
}

/** A misspelt `expiresAt` would otherwise be an entry that never expires. */
function refuseOtherFields(fields: Record<string, unknown>, known: readonly string[]): void {
  const other = Object.keys(fields).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new BoatoError('INVALID_VALUE', `The field ${JSON.stringify(other)} is unknown.`);
}
