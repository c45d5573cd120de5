/** Builds byte strings: fixed numbers, variable-length numbers (LEB128 up to 53 bits), bytes. */

import { newBytes, writeUint32, writeUint64 } from './bytes.ts';

/** What bit operations take as it is. */
const INT32_MAX = 0x7fff_ffff;

const EIGHT_BYTES = new DataView(new ArrayBuffer(8));

export class ByteWriter {
  #bytes: Uint8Array;
  /** What `#bytes` is a part of: asking for it takes longer than a byte. */
  #buffer: ArrayBufferLike;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = newBytes(capacity);
    this.#buffer = this.#bytes.buffer;
  }

  get length(): number {
    return this.#length;
  }

  /** Room for so many bytes more, without growing. */
  get left(): number {
    return this.#bytes.length - this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    writeUint32(this.#bytes, this.#length, value);
    this.#length += 4;
  }

  /** A safe integer from 0, in 8 bytes. */
  uint64(value: number): void {
    this.#reserve(8);
    writeUint64(this.#bytes, this.#length, value);
    this.#length += 8;
  }

  bigUint64(value: bigint): void {
    // Not by shifting it: each step of arithmetic on bigints is an object more.
    EIGHT_BYTES.setBigUint64(0, value);
    this.uint32(EIGHT_BYTES.getUint32(0));
    this.uint32(EIGHT_BYTES.getUint32(4));
  }

  /** A safe integer from 0, in 1 to 8 bytes: seven bits each, low ones first. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > INT32_MAX) {
      const upper = Math.floor(rest / 0x80);
      this.#bytes[this.#length++] = (rest - upper * 0x80) | 0x80;
      rest = upper;
    }
    let low = rest | 0;
    while (low >= 0x80) {
      this.#bytes[this.#length++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    this.#bytes[this.#length++] = low;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes after their length. */
  lengthPrefixed(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** A string of ASCII characters, after its length. */
  asciiPrefixed(text: string): void {
    this.varint(text.length);
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at++) this.#bytes[this.#length++] = text.charCodeAt(at);
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.view(0, this.#length);
  }

  /** What was written from the position `from` to `to`; holds for as long as there is room left for what follows. */
  view(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#bytes.byteOffset + from, to - from);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = newBytes(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#buffer = larger.buffer;
  }
}
