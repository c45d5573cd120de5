import { describe, expect, onTestFinished, test } from 'vitest';
import { assert } from '../../src/core/assert.ts';
import { CurrentReplica } from '../../src/node/current-replica.ts';
import { makeServer } from '../gossip/session-fixture.ts';
import { LiveMap } from './live-map.ts';

const PAUSE_MS = 11_000;
const FENCED = { code: 'STORE_FENCED' };

async function fixture(): Promise<{ readonly map: LiveMap; readonly replica: CurrentReplica }> {
  const map = await LiveMap.open();
  onTestFinished(() => map.store.close());
  await map.store.put('k', 1);
  return { map, replica: new CurrentReplica(map.live) };
}

describe('what peers see of a replica after a failed write', () => {
  test('tells nothing of what was seen, as that is ahead of the disk, and neither serves nor adopts', async () => {
    const { map, replica } = await fixture();
    const before = replica.contextHash();
    map.hasRoomToOpen = false;
    await map.fail();
    expect(map.live.current.contextHash()).not.toBe(before);
    for (const tell of [() => replica.contextHash(), () => replica.rows(), () => replica.movedSince(0, 9)])
      expect(tell).toThrow(expect.objectContaining(FENCED));
    expect(replica.notServing()).toBe('a write to its disk failed');
    expect(replica.notTaking()).toBe('a write to its disk failed');
    await expect(replica.pin([], 0n)).rejects.toMatchObject(FENCED);
    await expect(replica.pullerState([])).rejects.toMatchObject(FENCED);
  });

  test('serves and adopts nothing before its entries are checked, and tells what is on disk', async () => {
    const { map, replica } = await fixture();
    const before = replica.contextHash();
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    expect(replica.contextHash()).toBe(before);
    expect(replica.notServing()).toBe('it checks its entries after an unclean stop');
    expect(await replica.check()).toBeUndefined();
    expect(replica.notServing()).toBeUndefined();
    expect(replica.notTaking()).toBeUndefined();
  });

  test('serves, but adopts nothing, where there is no room for writes yet', async () => {
    const { map, replica } = await fixture();
    map.hasRoomToWrite = false;
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    expect(await replica.check()).toBeUndefined();
    expect(replica.notServing()).toBeUndefined();
    expect(replica.notTaking()).toBe('a write to its disk failed');
    const rumour = { entries: [], prev: 0, predecessor: undefined } as unknown as Parameters<
      CurrentReplica['applyRumour']
    >[0];
    expect(await replica.applyRumour(rumour)).toBe('busy');
    map.hasRoomToWrite = true;
    await map.clock.advance(PAUSE_MS);
    expect(replica.notTaking()).toBeUndefined();
  });

  test('drops the sessions that it served from the old store', async () => {
    const { map, replica } = await fixture();
    const server = makeServer(replica, map.clock);
    onTestFinished(() => server.stop());
    const open = {
      type: 'open',
      request: 1,
      rows: [],
      restHash: replica.contextHash(),
      empty: false,
      compare: false,
      compress: false,
      wallMs: map.clock.wallMs(),
    } as const;
    const peer = 'b' as Parameters<typeof server.open>[0];
    const opened = await server.open(peer, open);
    assert(opened.type === 'opened', 'it is opened');
    const next = {
      type: 'next',
      request: 2,
      session: opened.session,
      cursor: opened.chunk.cursor,
      compress: false,
    } as const;
    expect(await server.next(peer, next)).toMatchObject({ type: 'next-reply' });
    await map.fail();
    await expect(server.next(peer, next)).rejects.toMatchObject({ code: 'not-serving' });
    await map.clock.advance(PAUSE_MS);
    await replica.check();
    await expect(server.next(peer, next)).rejects.toMatchObject({ code: 'unknown-session' });
    expect(server.kept.status()).toEqual([]);
    const again = await server.open(peer, { ...open, restHash: replica.contextHash() });
    expect(again).toMatchObject({ type: 'opened' });
  });
});
