/** Reads the events of `GET /v1/changes`, whose data are one line each. */

import type { Change } from '../node/api.ts';
import { changeFromShown, type ShownChange } from '../server/change-format.ts';
import type { ErrorBody } from '../server/http-errors.ts';
import { splitLines } from '../server/split-lines.ts';
import { fieldOf } from './server-sent-events.ts';
import { serverError } from './socket-http.ts';

/** `begun` first, then changes, with the token where a new one holds. Throws what the node ended with. */
export async function* readChanges(
  source: AsyncIterable<Uint8Array>,
  onToken: (token: string) => void,
): AsyncGenerator<Change | 'begun', undefined, undefined> {
  let event = '';
  let token: string | undefined;
  let isComment = false;
  for await (const lines of splitLines(source)) {
    for (const { text = '' } of lines) {
      const { field, value } = fieldOf(text);
      if (field === 'event') event = value;
      if (field === 'id') token = value;
      // The id of a comment belongs to no change.
      if (token !== undefined && isComment) onToken(token);
      isComment = text === ':';
      if (field !== 'data') continue;
      if (event === 'failed') throw serverError(JSON.parse(value) as ErrorBody);
      if (event === 'begun') {
        if (token !== undefined) onToken(token);
        yield 'begun';
      } else {
        const change = changeFromShown(JSON.parse(value) as ShownChange);
        yield token === undefined ? change : { ...change, token };
        if (token !== undefined) onToken(token);
      }
      event = '';
      token = undefined;
    }
  }
  return undefined;
}
