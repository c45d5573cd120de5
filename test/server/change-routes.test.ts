import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import type { Change } from '../../src/node/api.ts';
import { fakeServer, localFake, readAll } from './serve-fake.ts';

const DOT = { version: 1, actor: 'a+0', origin: 'peer', peer: 'a' } as const;

async function* changesOf(...changes: readonly (Change | Error)[]): AsyncGenerator<Change, void, undefined> {
  for (const change of changes) {
    if (change instanceof Error) throw change;
    yield change;
  }
}

async function* silence(until: Promise<void>): AsyncGenerator<Change, void, undefined> {
  await until;
  yield* [];
}

describe('GET /v1/changes', () => {
  it('sends what changes as server-sent events, with a token as id where a new one holds', async () => {
    const { node, ask } = fakeServer();
    node.changes = changesOf(
      { type: 'put', key: 'k\n', value: new Uint8Array([1]), expiresAt: 9, ...DOT },
      { type: 'del', key: 'l', ...DOT, token: 'T1' },
      { type: 'expired', key: 'm', ...DOT, token: 'T1' },
    );
    const { status, text } = await ask('GET', '/v1/changes?prefix=k&since=T');
    expect(status).toBe(200);
    expect(text).toMatchInlineSnapshot(`
      "event: begun
      id: T0
      data: {}

      data: {"op":"put","key":"k\\n","value":"AQ==","type":"binary","expiresAt":9,"version":1,"actor":"a+0","origin":"peer","peer":"a"}

      id: T1
      data: {"op":"del","key":"l","version":1,"actor":"a+0","origin":"peer","peer":"a"}

      data: {"op":"expired","key":"m","version":1,"actor":"a+0","origin":"peer","peer":"a"}

      "
    `);
    expect(node.watchCalls).toMatchObject([{ prefix: 'k', since: 'T' }]);
  });

  it('sends the token that a watch has between changes that are told at once, once', async () => {
    const { node, ask } = fakeServer();
    node.changes = (async function* () {
      node.token = 'T0.5';
      yield { type: 'del', key: 'k', ...DOT } as const;
      yield { type: 'del', key: 'l', ...DOT } as const;
      await Promise.resolve();
      yield { type: 'del', key: 'm', ...DOT, token: 'T1' } as const;
    })();
    const { text } = await ask('GET', '/v1/changes');
    expect(text.match(/^id: .*|"key":"."/gmu)).toEqual([
      'id: T0',
      'id: T0.5',
      '"key":"k"',
      '"key":"l"',
      'id: T1',
      '"key":"m"',
    ]);
  });

  it('takes the token of a client that comes back from its header', async () => {
    const { node, app } = fakeServer();
    await app.inject({ url: '/v1/changes?since=T', headers: { 'last-event-id': 'T9' } });
    await app.inject({ url: '/v1/changes', headers: { 'last-event-id': '' } });
    expect(node.watchCalls.map(({ since }) => since)).toStrictEqual(['T9', undefined]);
  });

  it('answers with an error what fails before it begins, and sends it as the last event later on', async () => {
    const { node, ask } = fakeServer();
    const gone = new BoatoError('CHANGES_GONE', 'Begin again.');
    node.begun = Promise.reject(gone);
    expect(await ask('GET', '/v1/changes')).toMatchObject({
      status: 410,
      body: { code: 'CHANGES_GONE', message: 'Begin again.' },
    });
    node.begun = Promise.resolve();
    node.changes = changesOf(gone);
    expect((await ask('GET', '/v1/changes')).text).toMatch(
      /\nevent: failed\ndata: \{"code":"CHANGES_GONE","message":"Begin again."\}\n\n$/u,
    );
    expect((await ask('GET', '/v1/changes?from=1')).status).toBe(400);
  });

  it('ends the watch when its client goes away', async () => {
    const { node, open } = await localFake();
    const request = open('GET', '/v1/changes').end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    const { signal } = node.watchCalls[0] ?? {};
    request.on('error', () => undefined).destroy();
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  it('ends the answer when the server stops', async () => {
    const { node, open, server } = await localFake();
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    node.changes = silence(ended);
    const request = open('GET', '/v1/changes').end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    node.watchCalls[0]?.signal?.addEventListener('abort', end);
    const text = readAll(response);
    await server.close();
    expect(await text).toBe('event: begun\nid: T0\ndata: {}\n\n');
  });

  it('sends a comment to a client that hears nothing for 15 s', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { node, open } = await localFake();
    node.changes = silence(new Promise(() => {}));
    const request = open('GET', '/v1/changes').end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'data');
    vi.advanceTimersByTime(30_000);
    const [comment] = (await once(response, 'data')) as [Buffer];
    expect(comment.toString()).toBe(':\n\n');
    request.on('error', () => undefined).destroy();
  });
});
