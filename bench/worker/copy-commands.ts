/**
 * Copying with classic-level alone: what a first copy and a delta are measured against.
 *
 * A record on the wire is the lengths of key and value (2 and 4 bytes) and both.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { ClassicLevel } from 'classic-level';
import { keyAt, type SetName, valueAt } from '../harness/records.ts';
import { distinct } from './workload.ts';

type Raw = ClassicLevel<Uint8Array, Uint8Array>;

interface Put {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const PAGE = 1000;
const HEADER_BYTES = 6;

let source: Raw | undefined;
let target: Raw | undefined;
let server: Server | undefined;

export const copyCommands = {
  async openCopySource(path: string): Promise<void> {
    source = await open(path);
  },

  async openCopyTarget(path: string): Promise<void> {
    target = await open(path);
  },

  /** The first `records` of the set into what is open. */
  async fillCopies(set: SetName, records: number): Promise<void> {
    for (const db of [source, target]) {
      if (db === undefined) continue;
      for (let from = 0; from < records; from += PAGE)
        await db.batch(
          Array.from({ length: Math.min(PAGE, records - from) }, (_, at) => put(set, from + at, 0)),
        );
      await db.compactRange(new Uint8Array(0), new Uint8Array(8).fill(0xff));
    }
  },

  /** Overwrites `count` random records of the source, then copies those to the target, synced; how long the copy took. */
  async copyWritten(set: SetName, records: number, count: number, round: number): Promise<number> {
    const [from, to] = [opened(source), opened(target)];
    const puts = distinct(round, records, count).map((index) => put(set, index, round));
    await from.batch(puts);
    const keys = puts.map(({ key }) => key);
    const startedAt = performance.now();
    const values = await from.getMany(keys);
    await to.batch(
      values.map((value, at) => ({ type: 'put', key: keys[at] as Uint8Array, value: value as Uint8Array })),
      { sync: true },
    );
    return performance.now() - startedAt;
  },

  /** Sends all records of the source to whoever connects; resolves to the port. */
  async serveCopy(): Promise<number> {
    const db = opened(source);
    server = createServer((socket) => {
      void send(db, (piece) => socket.write(piece) || once(socket, 'drain')).then(() => socket.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },

  /** Until the target has all that the server at `port` sends; not synced. */
  async copyAll(port: number): Promise<{ ms: number; records: number }> {
    const db = opened(target);
    const startedAt = performance.now();
    const socket = connect(port, '127.0.0.1');
    let records = 0;
    let rest: Buffer = Buffer.alloc(0);
    let puts: Put[] = [];
    let writing: Promise<void> = Promise.resolve();
    for await (const piece of socket) {
      rest = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
      let at = 0;
      for (let end = recordEnd(rest, at); end <= rest.length; end = recordEnd(rest, at)) {
        const keyEnd = at + HEADER_BYTES + rest.readUInt16LE(at);
        puts.push({
          type: 'put',
          key: rest.subarray(at + HEADER_BYTES, keyEnd),
          value: rest.subarray(keyEnd, end),
        });
        at = end;
        if (puts.length < PAGE) continue;
        // The next thousand arrive meanwhile.
        await writing;
        writing = db.batch(puts);
        records += puts.length;
        puts = [];
      }
      rest = rest.subarray(at);
    }
    await writing;
    await db.batch(puts);
    return { ms: performance.now() - startedAt, records: records + puts.length };
  },

  closeCopies,
};

export async function closeCopies(): Promise<void> {
  server?.close();
  await source?.close();
  await target?.close();
  source = undefined;
  target = undefined;
}

async function send(db: Raw, write: (piece: Uint8Array) => unknown): Promise<void> {
  const iterator = db.iterator();
  try {
    for (let page = await iterator.nextv(PAGE); page.length > 0; page = await iterator.nextv(PAGE))
      await write(framed(page));
  } finally {
    await iterator.close();
  }
}

function framed(page: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  const length = page.reduce((sum, [key, value]) => sum + HEADER_BYTES + key.length + value.length, 0);
  const piece = Buffer.allocUnsafe(length);
  let at = 0;
  for (const [key, value] of page) {
    piece.writeUInt16LE(key.length, at);
    piece.writeUInt32LE(value.length, at + 2);
    piece.set(key, at + HEADER_BYTES);
    piece.set(value, at + HEADER_BYTES + key.length);
    at += HEADER_BYTES + key.length + value.length;
  }
  return piece;
}

/** Infinite where its header is not there yet. */
function recordEnd(bytes: Buffer, at: number): number {
  if (bytes.length < at + HEADER_BYTES) return Number.POSITIVE_INFINITY;
  return at + HEADER_BYTES + bytes.readUInt16LE(at) + bytes.readUInt32LE(at + 2);
}

function put(set: SetName, index: number, edition: number): Put {
  return { type: 'put', key: Buffer.from(keyAt(set, index)), value: valueAt(index, edition) };
}

async function open(path: string): Promise<Raw> {
  const db: Raw = new ClassicLevel(path, { keyEncoding: 'view', valueEncoding: 'view' });
  await db.open();
  return db;
}

function opened(db: Raw | undefined): Raw {
  if (db === undefined) throw new Error('no database is open');
  return db;
}
