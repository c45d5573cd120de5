/**
 * Reads packed values: msgpack as `packValue` writes it, and nothing else. By hand, because values come from peers:
 * `msgpackr` would also make errors, sets, regular expressions and code of them, and drop a leading U+FEFF from long
 * strings where its native part is missing. Format bytes: msgpack specification, "Formats".
 */

import { isUtf8 } from 'node:buffer';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { Value } from '../node/api.ts';
import { VALUE_DEPTH_MAX } from './value-check.ts';

/** The type of the one extension of msgpack itself, the timestamp (-1). */
const TIMESTAMP = 0xff;

/** The only value in `bytes`. Throws `MalformedBytes`, or a `RangeError` at the end of the bytes. */
export function readValue(bytes: Uint8Array): Value {
  const reader = new ValueReader(bytes);
  const value = reader.value(VALUE_DEPTH_MAX);
  reader.end();
  return value;
}

class ValueReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** `depth`: how many arrays and objects may be inside one another from here on. */
  value(depth: number): Value {
    const format = this.#uint8();
    if (format < 0x80) return format;
    if (format < 0x90) return this.#object(format & 0x0f, depth);
    if (format < 0xa0) return this.#array(format & 0x0f, depth);
    if (format < 0xc0) return this.#text(format & 0x1f);
    if (format >= 0xe0) return format - 0x100;
    switch (format) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#uint8());
      case 0xc5:
        return this.#binary(this.#uint16());
      case 0xc6:
        return this.#binary(this.#uint32());
      case 0xc7:
        return this.#extension(this.#uint8());
      case 0xcb:
        return this.#double();
      case 0xcc:
        return this.#uint8();
      case 0xcd:
        return this.#uint16();
      case 0xce:
        return this.#uint32();
      case 0xcf:
        return this.#bytes.readBigUInt64BE(this.#take(8));
      case 0xd0:
        return this.#bytes.readInt8(this.#take(1));
      case 0xd1:
        return this.#bytes.readInt16BE(this.#take(2));
      case 0xd2:
        return this.#bytes.readInt32BE(this.#take(4));
      case 0xd3:
        return this.#bytes.readBigInt64BE(this.#take(8));
      case 0xd6:
        return this.#extension(4);
      case 0xd7:
        return this.#extension(8);
      case 0xd9:
        return this.#text(this.#uint8());
      case 0xda:
        return this.#text(this.#uint16());
      case 0xdb:
        return this.#text(this.#uint32());
      case 0xdc:
        return this.#array(this.#uint16(), depth);
      case 0xdd:
        return this.#array(this.#uint32(), depth);
      case 0xde:
        return this.#object(this.#uint16(), depth);
      case 0xdf:
        return this.#object(this.#uint32(), depth);
      default:
        throw new MalformedBytes('a kind of value that is not stored');
    }
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw new MalformedBytes('bytes after the value');
  }

  /** Grows with the items that are there, not with their number as told. */
  #array(length: number, depth: number): Value {
    if (depth === 0) throw new MalformedBytes('nested too deep');
    const items: Value[] = [];
    for (let index = 0; index < length; index++) items.push(this.value(depth - 1));
    return items;
  }

  #object(size: number, depth: number): Value {
    if (depth === 0) throw new MalformedBytes('nested too deep');
    const object: Record<string, Value> = {};
    for (let index = 0; index < size; index++) {
      const name = this.#name();
      if (name === '__proto__' || Object.hasOwn(object, name))
        throw new MalformedBytes('a name out of place');
      object[name] = this.value(depth - 1);
    }
    return object;
  }

  #name(): string {
    const format = this.#uint8();
    if (format >= 0xa0 && format < 0xc0) return this.#text(format & 0x1f);
    if (format === 0xd9) return this.#text(this.#uint8());
    if (format === 0xda) return this.#text(this.#uint16());
    if (format === 0xdb) return this.#text(this.#uint32());
    throw new MalformedBytes('a name that is not a string');
  }

  #text(length: number): string {
    const start = this.#take(length);
    const text = this.#bytes.toString('utf8', start, start + length);
    // Ill-formed bytes become U+FFFD, which is rare in text: only then are they looked at.
    if (text.includes('\uFFFD') && !isUtf8(this.#bytes.subarray(start, start + length))) {
      throw new MalformedBytes('a string that is not UTF-8');
    }
    return text;
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  #double(): number {
    const value = this.#bytes.readDoubleBE(this.#take(8));
    if (Object.is(value, -0)) throw new MalformedBytes('-0, which is not stored');
    return value;
  }

  /** Timestamps of 32, 64 and 96 bits, to the millisecond. */
  #extension(length: number): Date {
    if (this.#uint8() !== TIMESTAMP) throw new MalformedBytes('a kind of value that is not stored');
    let seconds: number;
    let nanoseconds = 0;
    if (length === 4) {
      seconds = this.#uint32();
    } else if (length === 8) {
      const high = this.#uint32();
      nanoseconds = Math.floor(high / 4);
      seconds = (high % 4) * 2 ** 32 + this.#uint32();
    } else if (length === 12) {
      nanoseconds = this.#uint32();
      seconds = Number(this.#bytes.readBigInt64BE(this.#take(8)));
    } else {
      throw new MalformedBytes('a date of an unknown length');
    }
    const date = new Date(seconds * 1000 + nanoseconds / 1_000_000);
    const isExact = nanoseconds < 1_000_000_000 && nanoseconds % 1_000_000 === 0;
    if (!isExact || Number.isNaN(date.getTime())) throw new MalformedBytes('a date that is none');
    return date;
  }

  #uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  #uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  #uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  #take(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) throw new MalformedBytes('the end came too early');
    this.#at += count;
    return start;
  }
}
