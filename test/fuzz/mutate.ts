/** Changes to inputs that decoders of lengths, counts and nested things are known to stumble over. */

import type { Random } from '../../src/ports/random.ts';

const BYTES = [0, 1, 2, 0x0a, 0x22, 0x5b, 0x7b, 0x7f, 0x80, 0x90, 0xc1, 0xc4, 0xdd, 0xff];

/** Integers at the limits of their forms: one byte, two, four (as lengths have), eight; varints of every length. */
const INTEGERS: readonly Uint8Array[] = [
  ...[0, 1, 0x7f, 0xff, 0xffff, 0x0001_0000, 0x7fff_ffff, 0xffff_ffff].map((n) => bigEndian(n, 4)),
  ...[0, 2 ** 53 - 1, 2 ** 53, 2 ** 63].map((n) => bigEndian(n, 8)),
  ...[0xff, 0xffff].map((n) => bigEndian(n, 2)),
  ...[127, 128, 2 ** 14, 2 ** 21, 2 ** 32, 2 ** 53 - 1].map(varint),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0x80, 0x00),
  new Uint8Array(9).fill(0xff),
];

/** Repeated a million times these are empty arrays, maps, strings, entries; or arrays in each other. */
const UNITS: readonly Uint8Array[] = [
  [0],
  [0, 0],
  [1],
  [0x80],
  [0x90],
  [0x91],
  [0x92, 0],
  [0xa0],
  [0xc0],
  [0xc4, 0],
  [0xdc, 0, 0],
  [0xff],
  [0x22],
  [0x5b],
  [0x5b, 0x5d, 0x2c],
  [0x7b, 0x22, 0x61, 0x22, 0x3a],
  [0x5c],
  [0x5c, 0x22],
  [0x0a],
  [0x39],
  [0, 1, 0, 0],
].map((unit) => Uint8Array.from(unit));

/** A change: `chance(n)` is an integer below n. */
type Change = (input: Uint8Array, chance: (below: number) => number, other: Uint8Array) => Uint8Array;

const CHANGES: readonly Change[] = [
  // One bit.
  (input, chance) => with_(input, chance(input.length), (byte) => byte ^ (1 << chance(8))),
  // One byte: another, or a neighbour.
  (input, chance) => with_(input, chance(input.length), () => chance(256)),
  (input, chance) => with_(input, chance(input.length), () => BYTES[chance(BYTES.length)] as number),
  (input, chance) => with_(input, chance(input.length), (byte) => byte + (chance(2) === 0 ? 1 : 255)),
  // An integer at its limit, over what was there or before it.
  (input, chance) => {
    const [at, integer] = [chance(input.length + 1), INTEGERS[chance(INTEGERS.length)] as Uint8Array];
    return spliced(input, at, chance(2) * integer.length, integer);
  },
  // Cut off.
  (input, chance) => input.subarray(0, chance(input.length + 1)),
  // A piece is gone, comes twice, or many times.
  (input, chance) => spliced(input, chance(input.length), 1 + chance(16), new Uint8Array(0)),
  (input, chance) => {
    const at = chance(input.length);
    return spliced(input, at, 0, input.subarray(at, at + 1 + chance(32)));
  },
  (input, chance) => {
    const at = chance(input.length);
    const piece = input.subarray(at, at + 1 + chance(8));
    return spliced(input, at, 0, repeated(piece, 2 ** chance(10)));
  },
  // A piece of another input, or its end.
  (input, chance, other) => {
    const at = chance(other.length);
    return spliced(input, chance(input.length + 1), chance(8), other.subarray(at, at + chance(64)));
  },
  (input, chance, other) =>
    spliced(input, chance(input.length), input.length, other.subarray(chance(other.length))),
];

export class Mutator {
  readonly #random: Random;
  readonly #dictionary: readonly Uint8Array[];

  constructor(random: Random, dictionary: readonly Uint8Array[] = []) {
    this.#random = random;
    this.#dictionary = dictionary;
  }

  /** `input` with one to eight changes; `other` gives pieces. */
  mutate(input: Uint8Array, other: Uint8Array, bytesMax: number): Uint8Array {
    let changed = input.length === 0 ? Uint8Array.of(this.chance(256)) : input;
    for (let left = 1 + this.chance(2) * this.chance(8); left > 0; left--)
      changed = this.#change(changed.length === 0 ? Uint8Array.of(0) : changed, other).slice(0, bytesMax);
    return changed;
  }

  /** A short piece, perhaps the start of `input`, and then something small until it has so many bytes. */
  giant(input: Uint8Array, bytes: number): Uint8Array {
    const at = this.chance(input.length + 1);
    const ofInput = input.subarray(at, at + 1 + this.chance(16));
    const isOfInput = ofInput.length > 0 && this.chance(3) === 0;
    const unit = isOfInput ? ofInput : (UNITS[this.chance(UNITS.length)] as Uint8Array);
    const start = this.chance(2) === 0 ? input.subarray(0, at) : input.subarray(0, 1);
    return spliced(start, start.length, 0, repeated(unit, Math.ceil(bytes / unit.length)));
  }

  chance(below: number): number {
    return below <= 1 ? 0 : this.#random.uint32() % below;
  }

  #change(input: Uint8Array, other: Uint8Array): Uint8Array {
    const number = this.chance(CHANGES.length + (this.#dictionary.length > 0 ? 2 : 0));
    const change = CHANGES[number];
    if (change !== undefined) return change(input, (below) => this.chance(below), other);
    const word = this.#dictionary[this.chance(this.#dictionary.length)] as Uint8Array;
    return spliced(input, this.chance(input.length + 1), this.chance(2) * word.length, word);
  }
}

function with_(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const changed = input.slice();
  changed[at] = change(changed[at] as number);
  return changed;
}

function spliced(input: Uint8Array, at: number, gone: number, added: Uint8Array): Uint8Array {
  const end = Math.min(input.length, at + gone);
  const result = new Uint8Array(at + added.length + input.length - end);
  result.set(input.subarray(0, at));
  result.set(added, at);
  result.set(input.subarray(end), at + added.length);
  return result;
}

function repeated(piece: Uint8Array, times: number): Uint8Array {
  return piece.length === 0 ? piece : new Uint8Array(Buffer.alloc(piece.length * times, piece));
}

function bigEndian(number: number, length: number): Uint8Array {
  let rest = BigInt(number);
  const bytes = new Uint8Array(length);
  for (let at = length - 1; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return bytes;
}

function varint(number: number): Uint8Array {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}
