/** A node of a benchmark, through the public API. */

import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Node, type NodeOptions, openNode } from 'boato';
import { keyAt, randomBelow, type SetName, valueAt } from '../harness/records.ts';
import { type Cost, startCost } from './cpu.ts';
import { LogBook } from './log-book.ts';

const BATCH = 1000;
const BATCHES_AT_ONCE = 4;
/** Of writes at a given speed. */
const IN_FLIGHT_MAX = 1024;

/** Rounds come about by `sync` only: nothing that is not asked for runs beside what is measured. */
const NEVER_MS = 1_000_000_000;

let node: Node | undefined;
let costSinceOpened = startCost();
let stopWriting: (() => Promise<number>) | undefined;
const log = new LogBook();

export interface Compared {
  readonly ms: number;
  readonly taken: number;
  readonly dropped: number;
  readonly kept: number;
}

export const nodeCommands = {
  /** Resolves to its address. */
  async openNode(
    options: Pick<
      NodeOptions,
      | 'dir'
      | 'nodeId'
      | 'peers'
      | 'tombstoneTtlMs'
      | 'compression'
      | 'rumours'
      | 'tlsCert'
      | 'tlsKey'
      | 'tlsCa'
    >,
  ): Promise<string> {
    node = await openNode({
      membership: false,
      gossipIntervalMs: NEVER_MS,
      auditIntervalMs: NEVER_MS,
      scrubIntervalMs: NEVER_MS,
      log,
      ...options,
    });
    costSinceOpened = startCost();
    return node.address;
  },

  /** Puts `count` records of the set, from the record `from` on, in atomic batches of a thousand. */
  async fill(set: SetName, from: number, count: number): Promise<void> {
    const end = from + count;
    let next = from;
    const write = async (): Promise<void> => {
      while (next < end) {
        const at = next;
        next += BATCH;
        const length = Math.min(BATCH, end - at);
        await opened().batch(
          Array.from({ length }, (_, index) => ({
            type: 'put' as const,
            key: keyAt(set, at + index),
            value: valueAt(at + index),
          })),
        );
      }
    };
    await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, write));
  },

  async deleteRecords(set: SetName, from: number, count: number): Promise<void> {
    await opened().batch(
      Array.from({ length: count }, (_, at) => ({ type: 'del' as const, key: keyAt(set, from + at) })),
    );
  },

  async collectAll(): Promise<number> {
    return (await opened().collect()).collected;
  },

  async compactNode(): Promise<void> {
    await opened().compact();
  },

  /** How long after it was opened the entries were found to be sound. */
  async untilChecked(): Promise<Cost> {
    while ((await opened().status()).checking !== undefined) await pause(5);
    return costSinceOpened();
  },

  /** Resolves when damage was found and the context given up: the node compares with whom it meets next. */
  async untilGivenUp(): Promise<void> {
    while (!(await opened().status()).healing) await pause(5);
  },

  /** One round; bytes on the wire, of both ends. */
  async sync(): Promise<{ ms: number; bytes: number }> {
    const startedAt = performance.now();
    const { bytesReceived, bytesSent } = await opened().sync();
    return { ms: performance.now() - startedAt, bytes: bytesReceived + bytesSent };
  },

  /** One round that must lead to a comparison; `ms`: until what it found is adopted. */
  async syncComparing(): Promise<Compared & { bytes: number }> {
    const compared = log.next('own writes that it lacked were kept');
    const startedAt = performance.now();
    const synced = opened().sync();
    const { atMs, fields } = await Promise.race([compared, synced.then(() => within(compared, 1000))]);
    const { taken, dropped, kept } = fields as Omit<Compared, 'ms'>;
    const { bytesReceived, bytesSent } = await synced;
    return { ms: atMs - startedAt, taken, dropped, kept, bytes: bytesReceived + bytesSent };
  },

  async stateOf(): Promise<{ entries: number; contextHash: string; fingerprint: string }> {
    const { entries, contextHash, fingerprint } = await opened().status();
    return { entries, contextHash, fingerprint };
  },

  /** SHA-256 of all live entries in key order. */
  async hashOfAll(): Promise<string> {
    const hash = createHash('sha256');
    for await (const { key, value, version } of opened().entries()) {
      hash.update(`${key} ${version} `);
      hash.update(value as Uint8Array);
    }
    return hash.digest('hex');
  },

  /** Overwrites random records of the set, so many a second, until `stopWrites`. */
  startWrites(set: SetName, records: number, perSecond: number): void {
    const target = opened();
    const random = randomBelow(process.pid, records);
    let writes = 0;
    const over = new AbortController();
    const write = async (): Promise<void> => {
      const startedAt = performance.now();
      while (!over.signal.aborted) {
        const due = ((performance.now() - startedAt) / 1000) * perSecond;
        const puts: Promise<unknown>[] = [];
        // Who waits for answers, as writers should, does not pile up work while the disk is slow.
        for (; writes < due && puts.length < IN_FLIGHT_MAX; writes++) {
          const index = random();
          puts.push(target.put(keyAt(set, index), valueAt(index, writes + 1)));
        }
        await Promise.all(puts);
        if (puts.length < IN_FLIGHT_MAX) await pause(1);
      }
    };
    const writing = write();
    stopWriting = async () => {
      over.abort();
      await writing;
      return writes;
    };
  },

  closeNode,

  /** How many there were. */
  async stopWrites(): Promise<number> {
    const stop = stopWriting;
    stopWriting = undefined;
    return stop === undefined ? 0 : stop();
  },
};

/** For other commands of this process. */
export function opened(): Node {
  if (node === undefined) throw new Error('no node is open');
  return node;
}

export async function closeNode(): Promise<void> {
  await stopWriting?.();
  await node?.close();
  node = undefined;
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = pause(ms, undefined, { ref: false }).then(() => {
    throw new Error(`no comparison came about; the log: ${log.tail()}`);
  });
  return Promise.race([promise, late]);
}
