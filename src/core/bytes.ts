/** Byte strings: order, equality, and their form as keys of a `Map`. */

/** Negative, zero or positive: the order of unsigned bytes, a prefix before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && equalBytes(bytes.subarray(0, prefix.length), prefix);
}

/** A string with one character for each byte: equal, and ordered, as the bytes are. */
export function byteString(bytes: Uint8Array): string {
  if (bytes.length <= 512) return String.fromCharCode(...bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += 512) text += String.fromCharCode(...bytes.subarray(at, at + 512));
  return text;
}

/** The bytes of a string of ASCII characters. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Writes `value`, a safe integer from 0, as 8 big-endian bytes. */
export function writeUint64(into: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  writeUint32(into, at, high);
  // Not `value % 0x1_0000_0000`: of numbers above 32 bits V8 calls a function for it, which takes ten times as long.
  writeUint32(into, at + 4, value - high * 0x1_0000_0000);
}

/** Reads what `writeUint64` wrote; larger integers lose precision. */
export function readUint64(from: Uint8Array, at: number): number {
  return readUint32(from, at) * 0x1_0000_0000 + readUint32(from, at + 4);
}

/** Writes an unsigned 32-bit integer as 4 big-endian bytes. */
export function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

export function readUint32(from: Uint8Array, at: number): number {
  return (
    (from[at] as number) * 0x100_0000 +
    (((from[at + 1] as number) << 16) | ((from[at + 2] as number) << 8) | (from[at + 3] as number))
  );
}

/** Small byte strings are cut from slabs: one with memory of its own takes V8 ten times as long, or more, to make and to
 * collect. */
const SLAB_BYTES = 16 * 1024;
const PIECE_BYTES_MAX = SLAB_BYTES / 8;

let slab = new ArrayBuffer(0);
let slabUsed = 0;

/** So many zero bytes. They may share memory with others: who keeps a few of them for long keeps a slab of 16 KiB. */
export function newBytes(length: number): Uint8Array {
  if (length > PIECE_BYTES_MAX) return new Uint8Array(length);
  if (slabUsed + length > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  // `subarray` would take twice as long.
  return new Uint8Array(slab, slabUsed - length, length);
}
