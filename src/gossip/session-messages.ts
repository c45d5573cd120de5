/** In a session a puller takes what it lacks (`docs/PROTOCOL.md`, "A session"). */

import type { FullRow } from '../core/context.ts';
import type { Version } from '../core/version.ts';
import type { SessionOrder } from '../ports/replica.ts';
import type { Travelling } from './compressed.ts';

/** Asks for a session (R3). */
export interface Open {
  readonly type: 'open';
  readonly request: number;
  /** The puller's rows of all actors that may differ, ascending by actor. */
  readonly rows: readonly FullRow[];
  readonly restHash: bigint;
  readonly empty: boolean;
  /** To compare at once (R9), without a delta. */
  readonly compare: boolean;
  /** Whether chunks may be compressed. */
  readonly compress: boolean;
  readonly wallMs: number;
}

export interface Opened {
  readonly type: 'opened';
  readonly request: number;
  readonly session: string;
  readonly order: SessionOrder;
  /** The server's rows of the same actors, at the instant of the snapshot. */
  readonly rows: readonly FullRow[];
  readonly horizon: Version;
  readonly bootstrapping: boolean;
  /** How many entries the snapshot holds. */
  readonly entries: number;
  readonly wallMs: number;
  readonly chunk: Chunk;
}

/** Entries packed by `chunk.ts`, perhaps compressed, and where the next chunk begins. */
export interface Chunk extends Travelling {
  readonly cursor: Uint8Array;
  readonly last: boolean;
}

/** Asks for the chunk at `cursor`. */
export interface Next {
  readonly type: 'next';
  readonly request: number;
  readonly session: string;
  readonly cursor: Uint8Array;
  /** Whether this chunk may be compressed, if those of the session may be. */
  readonly compress: boolean;
}

export interface NextReply {
  readonly type: 'next-reply';
  readonly request: number;
  readonly chunk: Chunk;
}

/** Still at work on this session, on either side; not answered. */
export interface KeepAlive {
  readonly type: 'keep-alive';
  readonly session: string;
}

/** The puller needs the session no more; not answered. */
export interface Done {
  readonly type: 'done';
  readonly session: string;
}

export type SessionRequest = Open | Next;
export type SessionReply = Opened | NextReply;
/** Not answered. */
export type SessionNotice = KeepAlive | Done;
