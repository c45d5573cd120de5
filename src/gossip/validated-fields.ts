/** The positions of an unpacked message, one after another, each checked for its type and range. */

import { isNodeId, type NodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import type { Sum } from '../core/context.ts';
import { isHost } from '../core/host.ts';
import { isVersion, type Version } from '../core/version.ts';
import type { Extremes } from './aggregate.ts';

/** Longest reason in a message, in UTF-16 units. */
export const REASON_LENGTH_MAX = 500;

const UINT32_MAX = 0xffff_ffff;
/** A million sums of a million nodes are finite. Part of the protocol. */
export const NUMBER_MAX = 1e30;
const HASH_BYTES = 8;
const CODE = /^[a-z-]{1,32}$/;
const SESSION_NAME = /^[0-9a-f]{32}$/;
/** Reasons go to logs and terminals: one line each. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const UNPRINTABLES = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/** `reason` as it may travel: one well-formed line of at most `REASON_LENGTH_MAX`. */
export function cleanReason(reason: string): string {
  return reason.slice(0, REASON_LENGTH_MAX).replaceAll(UNPRINTABLES, ' ');
}

/** Every method takes the next position, and throws `MalformedBytes` when it is not what it should be. */
export class Fields {
  readonly #positions: readonly unknown[];
  #next = 0;

  constructor(positions: readonly unknown[]) {
    this.#positions = positions;
  }

  uint32(): number {
    const value = this.#integer();
    if (value > UINT32_MAX) throw this.#malformed('an integer of 32 bits');
    return value;
  }

  /** 0 to 2^53 - 1. */
  count(): number {
    return this.#integer();
  }

  version(): Version {
    return this.#integer() as Version;
  }

  boolean(): boolean {
    const value = this.#take();
    if (typeof value !== 'boolean') throw this.#malformed('a boolean');
    return value;
  }

  /** An integer from 0 to `max`. */
  upTo(max: number): number {
    const value = this.#integer();
    if (value > max) throw this.#malformed(`at most ${max}`);
    return value;
  }

  /** 64 bits. */
  hash(): bigint {
    const bytes = this.bytes(HASH_BYTES);
    if (bytes.length !== HASH_BYTES) throw this.#malformed('8 bytes');
    return new ByteReader(bytes).bigUint64();
  }

  /** A count and a sum: two positions. */
  sum(): Sum {
    const count = this.count();
    const sum = this.hash();
    if (count === 0 && sum !== 0n) throw this.#malformed('0, as the sum of nothing');
    return { count, sum };
  }

  /** Shares memory with the message; a plain `Uint8Array`, since a `Buffer` behaves otherwise where it is sliced. */
  bytes(lengthMax: number): Uint8Array {
    const value = this.#take();
    if (!(value instanceof Uint8Array)) throw this.#malformed('a byte string');
    if (value.length > lengthMax) throw this.#malformed(`at most ${lengthMax} bytes`);
    return new Uint8Array(value.buffer, value.byteOffset, value.length);
  }

  /** With a fraction, and far from where sums overflow. */
  number(): number {
    const value = this.#take();
    if (typeof value !== 'number' || !(Math.abs(value) <= NUMBER_MAX))
      throw this.#malformed('a finite number');
    return value;
  }

  /** A minimum and a maximum: two positions. Of nothing: infinite, the wrong way round. */
  extremes(): Extremes {
    const [minimum, maximum] = [this.#take(), this.#take()];
    if (minimum === Number.POSITIVE_INFINITY && maximum === Number.NEGATIVE_INFINITY)
      return { minimum, maximum };
    const isRange =
      typeof minimum === 'number' &&
      typeof maximum === 'number' &&
      -NUMBER_MAX <= minimum &&
      minimum <= maximum &&
      maximum <= NUMBER_MAX;
    if (!isRange) throw this.#malformed('a maximum that fits its minimum');
    return { minimum, maximum };
  }

  text(lengthMax: number): string {
    const value = this.#take();
    if (typeof value !== 'string' || value.length > lengthMax)
      throw this.#malformed(`a text of at most ${lengthMax}`);
    return value;
  }

  /** Node and cluster ids. */
  name(): NodeId {
    const value = this.#take();
    if (!isNodeId(value)) throw this.#malformed('a name');
    return value;
  }

  /** A name, or empty. */
  nameOrNone(): string {
    const value = this.#take();
    if (value !== '' && !isNodeId(value)) throw this.#malformed('a name, or empty');
    return value;
  }

  /** Or nothing: an empty string. */
  host(): string {
    const value = this.#take();
    if (value === '' || isHost(value)) return value;
    throw this.#malformed('a host');
  }

  sessionName(): string {
    const value = this.#take();
    if (typeof value !== 'string' || !SESSION_NAME.test(value))
      throw this.#malformed('the name of a session');
    return value;
  }

  reason(): string {
    const value = this.#take();
    if (typeof value !== 'string') throw this.#malformed('a reason');
    if (value.length > REASON_LENGTH_MAX || UNPRINTABLE.test(value)) throw this.#malformed('a short line');
    return value;
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const value = this.#take();
    const choice = choices.find((known) => known === value);
    if (choice === undefined) throw this.#malformed(`one of ${choices.join(', ')}`);
    return choice;
  }

  /** One of `known`, or `otherwise` for one that a later version has added. */
  knownCode<T extends string>(known: readonly T[], otherwise: T): T {
    const value = this.#take();
    const code = known.find((candidate) => candidate === value);
    if (code !== undefined) return code;
    if (typeof value === 'string' && CODE.test(value)) return otherwise;
    throw this.#malformed('a code');
  }

  /** For what may be left out at the end. */
  get hasMore(): boolean {
    return this.#next < this.#positions.length;
  }

  end(): void {
    if (this.hasMore) throw new MalformedBytes('a message with too many positions');
  }

  #integer(): number {
    const value = this.#take();
    if (!isVersion(value) || Object.is(value, -0)) throw this.#malformed('an integer from 0 to 2^53 - 1');
    return value;
  }

  #take(): unknown {
    if (this.#next === this.#positions.length) throw new MalformedBytes('a message with too few positions');
    return this.#positions[this.#next++];
  }

  /** Quotes nothing of what came. */
  #malformed(expected: string): MalformedBytes {
    return new MalformedBytes(`position ${this.#next - 1} of a message is not ${expected}`);
  }
}
