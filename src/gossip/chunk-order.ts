/** Whether the entries of a chunk come in the order that their session promised (R3). */

import type { Actor } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { compareBytes } from '../core/bytes.ts';
import type { Entry } from '../core/entry.ts';
import type { Version } from '../core/version.ts';
import type { SessionOrder } from '../ports/replica.ts';

/** Throws `MalformedBytes` unless keys ascend (key order), or the versions of each actor do (version order). */
export function checkOrder(entries: readonly Entry[], order: SessionOrder): void {
  if (order === 'key') {
    for (let at = 1; at < entries.length; at++) {
      const [before, entry] = [entries[at - 1] as Entry, entries[at] as Entry];
      if (compareBytes(before.key, entry.key) >= 0) throw new MalformedBytes('keys out of order');
    }
    return;
  }
  const versionByActor = new Map<Actor, Version>();
  for (const { actor, version } of entries) {
    if (version <= (versionByActor.get(actor) ?? -1)) throw new MalformedBytes('versions out of order');
    versionByActor.set(actor, version);
  }
}
