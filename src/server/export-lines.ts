/** Live entries as the lines of an export. */

import type { Entry } from '../node/api.ts';
import { exportedEntry } from './line-format.ts';

/** Line ends included. */
export async function* exportLines(entries: AsyncIterable<Entry>): AsyncGenerator<string, void, undefined> {
  for await (const entry of entries) yield `${JSON.stringify(exportedEntry(entry))}\n`;
}
