/** Server-sent events (WHATWG HTML, section 9.2), as a node sends them: the data of each are one line. */

import { splitLines } from '../server/split-lines.ts';

/** Of one line; both are empty if it has no field. */
export function fieldOf(line: string): { readonly field: string; readonly value: string } {
  const [, field = '', value = ''] = /^(?<field>[a-z]*): ?(?<value>.*)$/su.exec(line) ?? [];
  return { field, value };
}

/** `event` is empty where none is named. */
export async function* readServerSentEvents(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly event: string; readonly data: string }, undefined, undefined> {
  let event = '';
  for await (const lines of splitLines(source)) {
    for (const { text = '' } of lines) {
      const { field, value } = fieldOf(text);
      if (field === 'event') event = value;
      if (field !== 'data') continue;
      yield { event, data: value };
      event = '';
    }
  }
  return undefined;
}
