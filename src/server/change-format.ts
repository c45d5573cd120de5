/** Changes as JSON: the data of `GET /v1/changes`, and the lines of `store watch --json`. */

import type { Change } from '../node/api.ts';
import { valueFromJson, valueToJson, type ValueJson } from './value-json.ts';

/** `op` as in a batch; `type` says how the value of a put is written. */
export type ShownChange = (
  | ({ readonly op: 'put'; readonly expiresAt?: number } & ValueJson)
  | { readonly op: 'del' | 'expired' }
) &
  Pick<Change, 'key' | 'version' | 'actor' | 'origin' | 'peer' | 'token'>;

export function shownChange(change: Change): ShownChange {
  if (change.type !== 'put') {
    const { type: op, ...rest } = change;
    return { op, ...rest };
  }
  const { type: op, key, value, ...rest } = change;
  const { type, value: json } = valueToJson(value);
  return { op, key, value: json, type, ...rest };
}

/** The change that `shownChange` was given. */
export function changeFromShown(shown: ShownChange): Change {
  if (shown.op !== 'put') {
    const { op: type, ...rest } = shown;
    return { type, ...rest };
  }
  const { op, type, value, ...rest } = shown;
  return { type: op, value: valueFromJson(value, type), ...rest };
}
