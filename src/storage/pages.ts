/** A scan page by page, the next page being read while one is looked at: reading and looking share the time. */

import type { Scan, StoredRecord } from '../ports/ordered-store.ts';

/** Closes the scan at its end, or when whoever asks stops early. */
export async function* pagesOf(
  scan: Scan,
  records: number,
): AsyncGenerator<readonly StoredRecord[], void, undefined> {
  let ahead = scan.next(records);
  try {
    for (let page = await ahead; page.length > 0; page = await ahead) {
      ahead = scan.next(records);
      // Looked at in its turn; until then a failure must not count as unhandled.
      ahead.catch(() => undefined);
      yield page;
    }
  } finally {
    await ahead.catch(() => undefined);
    await scan.close();
  }
}
