import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { BackupWriter } from '../../src/storage/backup-format.ts';
import { BackupParser } from '../../src/storage/backup-parser.ts';
import { FORMAT_VERSION } from '../../src/storage/meta-record.ts';
import { fakeServer, localFake } from './serve-fake.ts';

const hash64 = await createHash64();
const HEAD = {
  formatVersion: FORMAT_VERSION,
  nodeId: 'a',
  clusterId: 'c',
  takenAtMs: 0,
  isChecked: true,
} as never;

describe('GET /v1/backup', () => {
  it('streams the pieces as they are', async () => {
    const { node, open } = await localFake();
    node.backupPieces = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    const outgoing = open('GET', '/v1/backup').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(response.headers['content-type']).toBe('application/octet-stream');
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([1, 2, 3]));
  });

  it('that fails at once is a plain error', async () => {
    const { node, ask } = fakeServer();
    node.backupPieces = [new BoatoError('STORE_FENCED', 'A sentence.')];
    expect(await ask('GET', '/v1/backup')).toMatchObject({ status: 503, body: { code: 'STORE_FENCED' } });
  });

  it('that fails half-way says why to who reads the format, and breaks off for all others', async () => {
    const { node, open } = await localFake();
    node.backupPieces = [
      new BackupWriter(hash64).begin(HEAD),
      new BoatoError('RECORD_DAMAGED', 'A sentence.'),
    ];
    const outgoing = open('GET', '/v1/backup').end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const parser = new BackupParser(hash64);
    const reading = (async () => {
      for await (const chunk of response as AsyncIterable<Buffer>)
        for (const _ of parser.push(chunk)) continue;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'RECORD_DAMAGED', message: 'A sentence.' });
  });
});

describe('POST /v1/verify', () => {
  it('verifies, with a body or none, and refuses what it does not know', async () => {
    const { node, ask } = fakeServer();
    expect((await ask('POST', '/v1/verify')).body).toEqual({
      sound: true,
      records: { entry: 1 },
      problems: [],
    });
    await ask('POST', '/v1/verify', { repair: true });
    expect(node.verifyCalls.map(({ repair }) => repair)).toEqual([false, true]);
    for (const body of [{ repair: 1 }, { repare: true }, []])
      expect(await ask('POST', '/v1/verify', body)).toMatchObject({
        status: 400,
        body: { code: 'INVALID_OPTION' },
      });
  });
});
