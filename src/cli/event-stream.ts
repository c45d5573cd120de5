/** Reads `GET /v1/events`. */

import type { UserEvent } from '../node/api.ts';
import { eventFromShown, type ShownEvent } from '../server/event-format.ts';
import { readServerSentEvents } from './server-sent-events.ts';

/** `begun` first: what is told from then on comes. */
export async function* readEvents(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<UserEvent | 'begun', undefined, undefined> {
  for await (const { event, data } of readServerSentEvents(source))
    yield event === 'begun' ? 'begun' : eventFromShown(JSON.parse(data) as ShownEvent);
  return undefined;
}
