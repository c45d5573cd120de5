/** Frames on a byte stream: 4 bytes big-endian length of the body, 1 byte type, body. Part of the wire protocol. */

import { readUint32, writeUint32 } from '../core/bytes.ts';
import { FRAME_HEADER_BYTES } from '../core/limits.ts';

/** The only type of frame in version 1: one message. */
const MESSAGE = 1;

/** How TLS begins: a record of type 22, version 3. */
const TLS_HANDSHAKE = 0x16_03_01;

/** Set aside for a body at first. */
const FIRST_BYTES = 64 * 1024;

/** The header of a frame whose body has `bodyBytes` bytes. */
export function frameHeader(bodyBytes: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  writeUint32(header, 0, bodyBytes);
  header[4] = MESSAGE;
  return header;
}

/** Memory that unfinished frames of many connections may take together, so that no number of peers can take all of it. */
export class FrameRoom {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  /** Tells whether there was as much. */
  take(bytes: number): boolean {
    if (bytes > this.#leftBytes) return false;
    this.#leftBytes -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#leftBytes += bytes;
  }
}

/** Not the fault of whoever sent it. */
export const NO_ROOM = 'a message for which there is no room now';

export interface FrameReaderOptions {
  /** Of the first frame: what strangers may send. Default: as of all others. */
  readonly firstBodyBytesMax?: number | undefined;
  readonly room?: FrameRoom | undefined;
}

/** Cuts a stream of bytes, in pieces of any size, into the bodies of frames. */
export class FrameReader {
  #bodyBytesMax: number;
  readonly #laterBytesMax: number;
  readonly #room: FrameRoom;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  /** Of the body that is being read. */
  #length = 0;
  #body: Uint8Array | undefined;
  #bodyBytes = 0;

  constructor(bodyBytesMax: number, { firstBodyBytesMax, room }: FrameReaderOptions = {}) {
    this.#bodyBytesMax = firstBodyBytesMax ?? bodyBytesMax;
    this.#laterBytesMax = bodyBytesMax;
    this.#room = room ?? new FrameRoom(Number.POSITIVE_INFINITY);
  }

  /**
   * Hands each body that is complete now to `onBody`; answers with a reason if the bytes are not a frame, before any
   * of its body is kept, and with `NO_ROOM`. `onBody` tells whether to go on.
   */
  read(piece: Uint8Array, onBody: (body: Uint8Array) => boolean): string | undefined {
    let at = 0;
    while (at < piece.length) {
      if (this.#body === undefined) {
        const count = Math.min(FRAME_HEADER_BYTES - this.#headerBytes, piece.length - at);
        this.#header.set(piece.subarray(at, at + count), this.#headerBytes);
        this.#headerBytes += count;
        at += count;
        if (this.#headerBytes < FRAME_HEADER_BYTES) return undefined;
        const reason = this.#begin();
        if (reason !== undefined) return reason;
        continue;
      }
      const count = Math.min(this.#length - this.#bodyBytes, piece.length - at);
      const body = this.#withRoomFor(this.#body, count);
      if (body === undefined) return NO_ROOM;
      body.set(piece.subarray(at, at + count), this.#bodyBytes);
      this.#bodyBytes += count;
      at += count;
      if (this.#bodyBytes < this.#length) return undefined;
      this.drop();
      this.#headerBytes = 0;
      this.#bodyBytesMax = this.#laterBytesMax;
      if (!onBody(body)) return undefined;
    }
    return undefined;
  }

  /** Forgets what came of an unfinished frame: nothing more is read. */
  drop(): void {
    this.#room.give(this.#body?.length ?? 0);
    this.#body = undefined;
  }

  /** Memory follows the bytes that came, not the length that was announced. */
  #withRoomFor(body: Uint8Array, count: number): Uint8Array | undefined {
    const needed = this.#bodyBytes + count;
    if (needed <= body.length) return body;
    const length = Math.min(this.#length, Math.max(needed, 2 * body.length));
    if (!this.#room.take(length - body.length)) return undefined;
    const larger = new Uint8Array(length);
    larger.set(body.subarray(0, this.#bodyBytes));
    this.#body = larger;
    return larger;
  }

  #begin(): string | undefined {
    const length = readUint32(this.#header, 0);
    if (length >>> 8 === TLS_HANDSHAKE)
      return 'the beginning of TLS, and this node speaks without: give all nodes certificates, or none';
    if (this.#header[4] !== MESSAGE) return `a frame of unknown type ${this.#header[4]}`;
    if (length === 0) return 'an empty frame';
    if (length > this.#bodyBytesMax)
      return `a frame of ${length} bytes, over the limit of ${this.#bodyBytesMax}`;
    const firstBytes = Math.min(length, FIRST_BYTES);
    if (!this.#room.take(firstBytes)) return NO_ROOM;
    this.#length = length;
    this.#body = new Uint8Array(firstBytes);
    this.#bodyBytes = 0;
    return undefined;
  }
}
