import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { SyncResult } from '../../src/node/api.ts';
import { SIGN_OF_LIFE_MS } from '../../src/server/signs-of-life.ts';
import { localFake, parseLines, readAll } from './serve-fake.ts';

function fakeIntervals(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
}

const SYNCED: SyncResult = { peers: 0, inSync: 0, entriesReceived: 0, bytesReceived: 0, bytesSent: 0 };

describe('a node that is at work for long', () => {
  it('says so once a second, until it answers', async () => {
    fakeIntervals();
    const { node, open } = await localFake();
    let answer: (result: SyncResult) => void = () => undefined;
    const isAsked = new Promise<void>((asked) => {
      node.answerSync = () => {
        asked();
        return new Promise((resolve) => (answer = resolve));
      };
    });
    const outgoing: ClientRequest = open('POST', '/v1/sync').end();
    await isAsked;
    for (let second = 0; second < 3; second++) {
      const heard = once(outgoing, 'information') as Promise<[{ statusCode: number }]>;
      vi.advanceTimersByTime(SIGN_OF_LIFE_MS);
      expect((await heard)[0].statusCode).toBe(102);
    }
    answer(SYNCED);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await readAll(response))).toEqual(SYNCED);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('on a list sends a blank line now and then, which is no entry', async () => {
    fakeIntervals();
    const { node, open } = await localFake();
    await node.put('a', 1);
    await node.put('b', 2);
    let goOn: () => void = () => undefined;
    const isSearching = new Promise<void>((searching) => {
      node.beforeEntry = (key) => {
        if (key === 'a') return Promise.resolve();
        searching();
        return new Promise((resolve) => (goOn = resolve));
      };
    });
    const outgoing = open('GET', '/v1/export').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    await isSearching;
    vi.advanceTimersByTime(5 * SIGN_OF_LIFE_MS);
    vi.advanceTimersByTime(5 * SIGN_OF_LIFE_MS);
    goOn();
    const text = await readAll(response);
    expect(text).toMatch(/^[^\n]+\n\n[^\n]+\n$/);
    expect(parseLines(text.replace('\n\n', '\n'))).toMatchObject([{ key: 'a' }, { key: 'b' }]);
  });
});
