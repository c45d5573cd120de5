/**
 * Whom a node knows of its cluster, kept beside its store: so it finds the others after a restart though none of those it
 * was told to dial is there any more. What is lost of it is learnt again.
 */

import { crc32 } from 'node:zlib';
import { decodeUpdates, encodeUpdates } from '../membership/update-codec.ts';
import type { Update } from '../membership/member.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { KeptFile } from './kept-file.ts';

/** Changes come in crowds, and each writing is an fsync. */
const WRITE_AFTER_MS = 2000;

export interface Kept {
  /** Addresses that the node was told to join while it ran. */
  readonly seeds: readonly string[];
  readonly records: readonly Update[];
}

export interface KnownMembersDependencies {
  readonly file: KeptFile;
  readonly clock: Clock;
  readonly log: Log;
  /** What is to be kept, now. */
  readonly current: () => Kept;
}

interface Content {
  /** When `records` were true, in milliseconds since 1970. */
  readonly wallMs: number;
  readonly seeds: readonly string[];
  /** As they travel, in base 64. */
  readonly records: string;
}

export class KnownMembers {
  readonly #dependencies: KnownMembersDependencies;
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(dependencies: KnownMembersDependencies) {
    this.#dependencies = dependencies;
  }

  /** Something is another way than it was written. */
  changed(): void {
    this.#cancelTimer ??= this.#dependencies.clock.after(WRITE_AFTER_MS, () => void this.flush());
  }

  /** What has changed is on disk when it resolves, if it can be. Never fails. */
  flush(): Promise<void> {
    if (this.#cancelTimer === undefined) return this.#writing;
    this.#cancelTimer();
    this.#cancelTimer = undefined;
    const { file, log, clock, current } = this.#dependencies;
    const bytes = bytesOf(current(), clock.wallMs());
    this.#writing = this.#writing
      .then(() => file.write(bytes))
      .catch((error: unknown) => log.warn({ error: String(error) }, 'The known members could not be kept.'));
    return this.#writing;
  }
}

/** What was kept last; nothing, if it cannot be read. Never fails. */
export async function readKnownMembers(file: KeptFile, wallMs: number, log: Log): Promise<Kept> {
  const bytes = await file.read();
  if (bytes === undefined) return { seeds: [], records: [] };
  try {
    const { crc, ...content } = JSON.parse(new TextDecoder().decode(bytes)) as Content & { crc: number };
    if (crc !== crcOf(content)) throw new Error('its checksum is another');
    const passedMs = Math.max(0, wallMs - content.wallMs);
    const records = decodeUpdates(new Uint8Array(Buffer.from(content.records, 'base64')));
    return {
      seeds: content.seeds,
      records: records.map((record) => ({ ...record, ageMs: agedMs(record, passedMs) })),
    };
  } catch (error) {
    log.info({ error: String(error) }, 'The known members cannot be read, and are learnt again.');
    return { seeds: [], records: [] };
  }
}

/** Who lived then, lives as far as is known. */
function agedMs({ status, ageMs }: Update, passedMs: number): number {
  return status === 'up' || status === 'suspect' ? 0 : ageMs + passedMs;
}

function bytesOf({ seeds, records }: Kept, wallMs: number): Uint8Array {
  // What is only suspected of somebody does not outlive this run.
  const told = records.map((record) =>
    record.status === 'suspect' ? { ...record, status: 'up' as const, accuser: undefined } : record,
  );
  const content = { wallMs, seeds, records: Buffer.from(encodeUpdates(told)).toString('base64') };
  return new TextEncoder().encode(`${JSON.stringify({ ...content, crc: crcOf(content) })}\n`);
}

function crcOf({ wallMs, seeds, records }: Content): number {
  return crc32(JSON.stringify([wallMs, seeds, records]));
}
