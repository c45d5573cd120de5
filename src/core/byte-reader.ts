/** Reads what `ByteWriter` wrote. Every method throws `MalformedBytes` rather than read past the end. */

import { readUint32, readUint64 } from './bytes.ts';

/** Bytes that are not what they should be: a damaged record, or a peer's bad message. */
export class MalformedBytes extends Error {
  override name = 'MalformedBytes';
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #buffer: ArrayBufferLike;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#buffer = bytes.buffer;
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  uint32(): number {
    return readUint32(this.#bytes, this.#take(4));
  }

  uint64(): number {
    const value = readUint64(this.#bytes, this.#take(8));
    if (!Number.isSafeInteger(value)) throw new MalformedBytes('an integer above 2^53 - 1');
    return value;
  }

  bigUint64(): bigint {
    const high = BigInt(this.uint32());
    return (high << 32n) | BigInt(this.uint32());
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let digits = 0; digits < 8; digits++) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new MalformedBytes('an integer above 2^53 - 1');
        if (byte === 0 && digits > 0) throw new MalformedBytes('an integer longer than need be');
        return value;
      }
      factor *= 0x80;
    }
    throw new MalformedBytes('an integer of more than 8 bytes');
  }

  /** Shares memory with what is read. */
  raw(count: number): Uint8Array {
    const start = this.#take(count);
    // `subarray` would take twice as long.
    return new Uint8Array(this.#buffer, this.#bytes.byteOffset + start, count);
  }

  /** The next `count` bytes, copied to `into` from `at` on. */
  copy(count: number, into: Uint8Array, at: number): void {
    const start = this.#take(count);
    for (let offset = 0; offset < count; offset++) into[at + offset] = this.#bytes[start + offset] as number;
  }

  lengthPrefixed(): Uint8Array {
    return this.raw(this.varint());
  }

  end(): void {
    if (this.left > 0) throw new MalformedBytes(`${this.left} bytes too many`);
  }

  #take(count: number): number {
    if (count > this.left) throw new MalformedBytes('the end came too early');
    const start = this.#at;
    this.#at += count;
    return start;
  }
}
