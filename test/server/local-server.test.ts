import { once } from 'node:events';
import { lstat, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { serveLocally } from '../../src/server/local-server.ts';
import { readRendezvous, SOCKET_PATH_BYTES_MAX, writeRendezvous } from '../../src/server/rendezvous.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { FakeNode } from './fake-node.ts';
import { localFake, parseLines, readAll } from './serve-fake.ts';

const MANY = 5000;

async function fill(node: FakeNode): Promise<void> {
  for (let at = 0; at < MANY; at++) await node.put(`key${String(at).padStart(6, '0')}`, 'x'.repeat(1000));
}

describe('the socket', () => {
  it('is in the folder, for its owner only, and named in node.json until the server closes', async () => {
    const { dir, server } = await localFake();
    expect(server.socket).toBe(join(dir, 'socket'));
    const mode = (await stat(server.socket)).mode;
    expect((mode & 0o777).toString(8)).toBe('600');
    expect(await readRendezvous(dir)).toMatchObject({
      pid: process.pid,
      socket: server.socket,
      address: '127.0.0.1:7531',
    });
    await server.close();
    expect(await readdir(dir)).toStrictEqual([]);
  });

  it('is in a private folder if the path is too long', async () => {
    const dir = join(await temporaryFolder(), 'x'.repeat(SOCKET_PATH_BYTES_MAX));
    await mkdir(dir);
    const server = await serveLocally(new FakeNode(), dir, silentLog);
    const folder = dirname(server.socket);
    expect(folder.startsWith(dir)).toBe(false);
    expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700');
    expect((await readRendezvous(dir))?.socket).toBe(server.socket);
    await server.close();
    await expect(lstat(folder)).rejects.toThrow('ENOENT');
  });

  it.each([SOCKET_PATH_BYTES_MAX, SOCKET_PATH_BYTES_MAX + 1])(
    'works at a path of %i bytes',
    async (length) => {
      const root = await temporaryFolder();
      const dir = join(root, 'x'.repeat(length - root.length - '//socket'.length));
      await mkdir(dir);
      await using server = await serveLocally(new FakeNode(), dir, silentLog);
      expect(server.socket === join(dir, 'socket')).toBe(length <= SOCKET_PATH_BYTES_MAX);
      expect((await lstat(server.socket)).isSocket()).toBe(true);
    },
  );

  it('replaces what a crashed node left behind', async () => {
    const dir = await temporaryFolder();
    const left = createServer().listen(join(dir, 'socket'));
    await once(left, 'listening');
    await writeRendezvous(dir, { pid: 1, socket: join(dir, 'socket'), address: '', startedAt: '' });
    await using server = await serveLocally(new FakeNode(), dir, silentLog);
    expect(await readRendezvous(dir)).toMatchObject({ pid: process.pid, socket: server.socket });
    left.close();
  });

  it('removes nothing but sockets', async () => {
    const dir = await temporaryFolder();
    const precious = join(dir, 'precious');
    await writeFile(precious, 'data');
    await writeRendezvous(dir, { pid: 1, socket: precious, address: '', startedAt: '' });
    await using _server = await serveLocally(new FakeNode(), dir, silentLog);
    expect(await readdir(dir)).toContain('precious');
  });
});

describe('a broken connection', () => {
  it('ends the scan of an export that nobody reads any more', async () => {
    const { node, open } = await localFake();
    await fill(node);
    const closed = new Promise<void>((resolve) => (node.onScanClosed = resolve));
    const outgoing = open('GET', '/v1/export').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    await once(response, 'readable');
    outgoing.destroy();
    await closed;
  });

  it('ends a sync that waits', async () => {
    const { node, open } = await localFake();
    const begun = new Promise<AbortSignal | undefined>((resolve) => {
      node.answerSync = ({ signal }) => {
        resolve(signal);
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new BoatoError('ABORTED', 'The caller is gone.')));
        });
      };
    });
    const outgoing = open('POST', '/v1/sync');
    outgoing.on('error', () => undefined).end('{"wait": true}');
    const signal = await begun;
    expect(signal?.aborted).toBe(false);
    const aborted = new Promise((resolve) => signal?.addEventListener('abort', resolve));
    outgoing.destroy();
    await aborted;
  });

  it('loses no line of an import that was acknowledged, and harms nobody else', async () => {
    const { node, open } = await localFake();
    const outgoing = open('POST', '/v1/import');
    outgoing.on('error', () => undefined);
    outgoing.write('{"key":"a","value":1}\n{"key":"b","value":1}\n{"key":"c",');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let acknowledged = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      acknowledged = (parseLines(chunk.toString()).at(-1) as { imported: number }).imported;
      outgoing.destroy();
      break;
    }
    expect([...node.entryByKey.keys()].length).toBeGreaterThanOrEqual(acknowledged);
    const [status] = (await once(open('GET', '/v1/status').end(), 'response')) as [IncomingMessage];
    expect(JSON.parse(await readAll(status))).toMatchObject({ nodeId: 'fake' });
    expect([...node.entryByKey.keys()]).toStrictEqual(['a', 'b']);
  });
});

describe('a stream', () => {
  it('waits for its reader', async () => {
    const { node, open } = await localFake();
    await fill(node);
    let read = 0;
    node.beforeEntry = () => Promise.resolve(void read++);
    const outgoing = open('GET', '/v1/export').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    await once(response, 'readable');
    // Another request is answered while this one waits: the server is not busy, the scan stands still.
    for (let before = -1; before !== read;) {
      before = read;
      await once((await once(open('GET', '/v1/status').end(), 'response'))[0] as IncomingMessage, 'readable');
    }
    expect(read).toBeLessThan(MANY);
    expect((await readAll(response)).split('\n')).toHaveLength(MANY + 1);
  });

  it('that fails half-way says why and does not look complete', async () => {
    const { node, open } = await localFake();
    await node.put('a', 1);
    await node.put('b', 1);
    node.beforeEntry = (key) => {
      return key === 'b'
        ? Promise.reject(new BoatoError('RECORD_DAMAGED', 'A record is damaged.'))
        : Promise.resolve();
    };
    const outgoing = open('GET', '/v1/export').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    const reading = (async () => {
      for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
    })();
    await expect(reading).rejects.toThrow('aborted');
    expect(parseLines(text).at(-1)).toStrictEqual({
      error: { code: 'RECORD_DAMAGED', message: 'A record is damaged.' },
    });
  });

  it('of an import answers at the first bad line, while its client still sends', async () => {
    const { open } = await localFake();
    const outgoing = open('POST', '/v1/import');
    outgoing.write('bad\n');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const text = await readAll(response);
    expect(parseLines(text).at(-1)).toMatchObject({ event: 'summary', stopped: { line: 1 } });
    outgoing.destroy();
  });
});

describe('closing', () => {
  it('ends streams and connections that would stay', async () => {
    const { node, open, server } = await localFake();
    await fill(node);
    const outgoing = open('GET', '/v1/export').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    await once(response, 'readable');
    const reading = readAll(response);
    const ended = Promise.allSettled([reading]);
    await server.close();
    const [result] = await ended;
    expect(result.status).toBe('rejected');
  });
});
