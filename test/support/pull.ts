/** A whole session from one replica to another without a wire: what storage tests need of R3 and R4. */

import { asciiBytes } from '../../src/core/bytes.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { ArrivedChunk, SessionOrder } from '../../src/ports/replica.ts';
import type { Entry } from '../../src/core/entry.ts';

export interface ArrivedSession {
  readonly chunks: readonly ArrivedChunk[];
}

/** What a session from `server` would bring to `puller`, in chunks of at most `chunkEntries` (never inside a batch). */
export async function readSession(
  puller: StoredReplica,
  server: StoredReplica,
  order: SessionOrder = 'version',
  chunkEntries: number = Number.POSITIVE_INFINITY,
): Promise<ArrivedSession> {
  const actors = [...new Set([...server.rows(), ...puller.rows()].map(({ actor }) => actor))].toSorted();
  const own = await puller.pullerState(actors, true);
  const pinned = await server.pin(actors, own.restHash);
  if (pinned === undefined) throw new Error('the rest of the contexts differs');
  const entries: Entry[] = [];
  const scans =
    order === 'key'
      ? [pinned.byKey(undefined)]
      : own.rows.map(({ actor, received }) => pinned.byVersion(actor, received));
  for (const scan of scans) {
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) entries.push(...page);
    await scan.close();
  }
  await pinned.close();
  const session = {
    peer: server.nodeId,
    name: '00'.repeat(16),
    order,
    rows: pinned.rows,
    horizon: pinned.horizon,
    serverBootstrapping: pinned.bootstrapping,
    serverEntries: pinned.all.count,
    openedAt: own.openedAt,
    epoch: own.epoch,
    ...(own.rumoured === undefined ? {} : { rumoured: own.rumoured }),
  };
  const groups: Entry[][] = [[]];
  for (const entry of entries) {
    const group = groups.at(-1) as Entry[];
    const before = group.at(-1);
    const sameBatch = before !== undefined && before.actor === entry.actor && before.last === entry.last;
    if (group.length < chunkEntries || (order === 'version' && sameBatch)) group.push(entry);
    else groups.push([entry]);
  }
  return {
    chunks: groups.map((group, index) => ({
      peer: server.nodeId,
      session: index === 0 ? session : undefined,
      ...(index === 0 ? {} : { after: { name: session.name, cursor: cursorOf(index - 1) } }),
      entries: group,
      bytes: group.length,
      cursor: cursorOf(index),
    })),
  };
}

function cursorOf(chunk: number): Uint8Array {
  return asciiBytes(`${chunk}`);
}

export async function pull(
  puller: StoredReplica,
  server: StoredReplica,
  order: SessionOrder = 'version',
): Promise<'adopted' | 'late'> {
  const { chunks } = await readSession(puller, server, order);
  for (const chunk of chunks) await puller.storeChunk(chunk);
  return puller.adopt(server.nodeId);
}
