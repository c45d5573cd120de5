/** What a command says when it, or the node it talks to, is stopped half-way. */

import { once } from 'node:events';
import { join } from 'node:path';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SilenceWatch } from '../../src/cli/silence-watch.ts';
import { SocketClient } from '../../src/cli/socket-client.ts';
import { wholeLines } from '../../src/cli/whole-lines.ts';
import type { ImportSummary } from '../../src/server/import-lines.ts';
import { localFake } from '../server/serve-fake.ts';
import { runStore, spawnStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SILENCE_MS = 60;

async function readAll(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source) continue;
}

async function* lines(count: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < count; at++) yield Buffer.from(`{"key":"k${at}","value":"${'x'.repeat(1000)}"}\n`);
}

async function clientOf(socket: string): Promise<SocketClient> {
  const client = new SocketClient({ pid: 12, socket }, 'data/x', SILENCE_MS);
  onTestFinished(() => client.close());
  return client;
}

/** Takes connections and says nothing, as a stopped process does. */
async function silentClient(): Promise<SocketClient> {
  const socket = join(await temporaryFolder(), 'socket');
  const server = createRawServer((connection) => void connection.pause());
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return clientOf(socket);
}

async function httpClient(server: Server): Promise<SocketClient> {
  const socket = join(await temporaryFolder(), 'socket');
  server.listen(socket);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  expect(server.address() as AddressInfo | string).toBe(socket);
  return clientOf(socket);
}

describe('a node that does not answer', () => {
  it.each([1, 5000])('ends an import of %i lines with a sentence', async (count) => {
    const client = await silentClient();
    await expect(client.importLines(lines(count), {}, () => undefined)).rejects.toThrow(
      'The node of data/x (process 12) did not answer within 0.06 s; at least 0 entries of the import are stored, and more may be: a second run with --skip-existing goes on.',
    );
  });

  it('leaves it open whether a write was done', async () => {
    const client = await silentClient();
    await expect(client.put('a', 1, {})).rejects.toThrow(
      'did not answer within 0.06 s; the value may be stored, or may still be: look with `store get`, or put it again.',
    );
    await expect(client.del('a', {})).rejects.toThrow('keys may be deleted, or may still be: ');
    await expect(client.get('a', {})).rejects.toThrow(/did not answer within 0\.06 s\.$/);
  });

  it.each<[string, (client: SocketClient) => Promise<unknown>, string]>([
    ['count', (client) => client.count('', {}), ''],
    ['list', (client) => readAll(client.entries({ prefix: '' })), ''],
    ['export', (client) => readAll(client.exportLines('')), ''],
    ['status', (client) => client.status(), ''],
    ['sync', (client) => client.sync({ wait: true }), ''],
    ['backup', (client) => readAll(client.backupStream()), ''],
    ['verify', (client) => client.verify(false), ''],
    ['repair', (client) => client.verify(true), '; the repair may be done, or may still be: run it again'],
    ['collection', (client) => client.collect(), '; it may go on by itself, and does no harm'],
    [
      'repair of the clock',
      (client) => client.repairClock(false),
      '; the repair may be done, or may still be: run it again, which does no harm',
    ],
  ])('ends a %s with a sentence', async (_, run, doubt) => {
    await expect(run(await silentClient())).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: `The node of data/x (process 12) did not answer within 0.06 s${doubt}.`,
    });
  });

  it.each<[string, (client: SocketClient) => Promise<unknown>]>([
    ['list', (client) => readAll(client.entries({ prefix: '' }))],
    ['backup', (client) => readAll(client.backupStream())],
  ])('in the middle of a %s is given up', async (_, run) => {
    const entry = '{"key":"a","value":1,"type":"json","version":1,"actor":"a+0"}\n';
    const server = createServer((_request, response) => void response.write(entry.repeat(2)));
    await expect(run(await httpClient(server))).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('is waited for, however long it takes, while it says that it is at work', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const sawLife = vi.spyOn(SilenceWatch.prototype, 'sawLife');
    onTestFinished(() => sawLife.mockRestore());
    const server = createServer((_request, response) => {
      void (async () => {
        for (let second = 0; second < 10; second++) {
          vi.advanceTimersByTime(0.9 * SILENCE_MS);
          response.writeProcessing();
          await vi.waitUntil(() => sawLife.mock.calls.length > second, { interval: 1 });
        }
        response.end('{"count":7}');
      })();
    });
    const client = await httpClient(server);
    expect(await client.count('', {})).toBe(7);
  });

  it('is no failure while what it sent is not read', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, node } = await localFake();
    for (let at = 0; at < 20_000; at++) await node.put(`k${at}`, 'x'.repeat(100));
    let read = 0;
    for await (const _ of (await clientOf(server.socket)).entries({ prefix: '' }))
      if (read++ === 0) vi.advanceTimersByTime(10 * SILENCE_MS);
    expect(read).toBe(20_000);
  });

  it('in the middle of an import is given up with the last count', async () => {
    const server = createServer((request, response) => {
      response.write('{"event":"progress","imported":1,"existing":0,"invalid":0,"bytes":5}\n');
      request.pause();
    });
    const client = await httpClient(server);
    await expect(client.importLines(lines(1), {}, () => undefined)).rejects.toThrow(
      /did not answer within .*; at least 1 entry of the import is stored, and more may be: /,
    );
  });

  it('and goes away in the middle of an import leaves the last count', async () => {
    const server = createServer((request, response) => {
      response.write('{"event":"progress","imported":7,"existing":0,"invalid":0,"bytes":5}\n', () => {
        request.destroy();
      });
    });
    const client = await httpClient(server);
    await expect(client.importLines(lines(1), {}, () => undefined)).rejects.toThrow(
      /went away before it had answered; at least 7 entries of the import are stored, and more may be: /,
    );
  });

  it('is no failure while the input of the import is what is waited for', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, node } = await localFake();
    const client = await clientOf(server.socket);
    let taken: (() => void) | undefined;
    const isTaken = new Promise<void>((resolve) => (taken = resolve));
    async function* slow(): AsyncGenerator<Uint8Array, void, undefined> {
      yield* lines(1);
      await isTaken;
      vi.advanceTimersByTime(10 * SILENCE_MS);
      yield Buffer.from('{"key":"late","value":1}\n');
    }
    expect(await client.importLines(slow(), {}, () => taken?.())).toMatchObject({ imported: 2 });
    expect(node.entryByKey.size).toBe(2);
  });
});

describe('the watch for silence', () => {
  it('counts only while something is due, and from the last sign of life', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const onSilent = vi.fn<() => void>();
    const watch = new SilenceWatch(30_000, onSilent);
    vi.advanceTimersByTime(100_000);
    watch.expect('answer');
    vi.advanceTimersByTime(29_000);
    watch.sawLife();
    vi.advanceTimersByTime(29_000);
    watch.got('answer');
    vi.advanceTimersByTime(100_000);
    expect(onSilent).not.toHaveBeenCalled();
    watch.expect('end');
    vi.advanceTimersByTime(31_000);
    expect(onSilent).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(100_000);
    expect(onSilent).toHaveBeenCalledTimes(1);
  });
});

describe('input that is given up', () => {
  async function* texts(...pieces: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
    for (const piece of pieces) yield Buffer.from(piece);
  }

  it('comes in whole lines, and all of it otherwise', async () => {
    const pieces: string[] = [];
    const source = texts('a\nb', 'c', '\n', 'd\ne\n', 'f');
    for await (const piece of wholeLines(source, new AbortController().signal)) {
      pieces.push(Buffer.from(piece).toString());
    }
    expect(pieces).toStrictEqual(['a\n', 'bc\n', 'd\ne\n', 'f']);
  });

  it('ends at once, without the line that has only begun', async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.from('a\nb');
      await new Promise(() => undefined);
    }
    const pieces: string[] = [];
    for await (const piece of wholeLines(endless(), stop.signal)) {
      pieces.push(Buffer.from(piece).toString());
      setImmediate(() => stop.abort());
    }
    expect(pieces).toStrictEqual(['a\n']);
  });
});

describe('Ctrl-C in an import', () => {
  it.each([true, false])('says what is stored, and how to go on (a node runs: %s)', async (isServed) => {
    const dir = join(await temporaryFolder(), 'node');
    if (isServed) await startServe(['--data', dir]);
    const child = spawnStore(['import', '-', '--skip-invalid', '--json', '--data', dir]);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin?.on('error', () => undefined).write('nonsense\n{"key":"a","value":1}\n{"key":"b","val');
    // The report of the bad line shows that the lines were taken.
    await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toStrictEqual([130, null]);
    expect(stderr).toMatch(
      /^line 1: .*\nstore: The import was interrupted with 1 entry stored: a second run with --skip-existing goes on\.\n$/,
    );
    const summary = JSON.parse(stdout) as ImportSummary;
    expect(summary).toMatchObject({ imported: 1, invalid: 1, stopped: { code: 'ABORTED' } });
    expect((await runStore(['count', '--data', dir])).stdout).toBe('1\n');
  });
});
