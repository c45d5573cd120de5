/** Events as JSON: the data of `GET /v1/events`, and the lines of `store events --json`. */

import type { UserEvent } from '../node/api.ts';
import { valueFromJson, valueToJson, type ValueJson } from './value-json.ts';

/** `type` says how the payload is written. */
export interface ShownEvent extends Pick<UserEvent, 'name' | 'nodeId'> {
  readonly payload: ValueJson['value'];
  readonly type: ValueJson['type'];
}

export function shownEvent({ name, nodeId, payload }: UserEvent): ShownEvent {
  const { value, type } = valueToJson(payload);
  return { name, nodeId, payload: value, type };
}

/** The event that `shownEvent` was given. */
export function eventFromShown({ name, nodeId, payload, type }: ShownEvent): UserEvent {
  return { name, nodeId, payload: valueFromJson(payload, type) };
}
