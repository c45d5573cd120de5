/** Reads `GET /v1/events`, whose data are one line each. */

import type { UserEvent } from '../node/api.ts';
import { eventFromShown, type ShownEvent } from '../server/event-format.ts';
import { splitLines } from '../server/split-lines.ts';

/** `begun` first: what is told from then on comes. */
export async function* readEvents(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<UserEvent | 'begun', undefined, undefined> {
  let isBegun = false;
  for await (const lines of splitLines(source)) {
    for (const { text = '' } of lines) {
      const [, data] = /^data: (?<data>.*)$/su.exec(text) ?? [];
      if (data === undefined) continue;
      yield isBegun ? eventFromShown(JSON.parse(data) as ShownEvent) : 'begun';
      isBegun = true;
    }
  }
  return undefined;
}
