/** What a fuzzer runs: a decoder of foreign bytes, and what it promises of any input. */

import { isDeepStrictEqual } from 'node:util';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { BoatoError, type ErrorCode } from '../../src/core/errors.ts';

export interface Target {
  /** Decodes `input`, and throws `Broken` if that breaks a promise. */
  readonly run: (input: Uint8Array) => void | Promise<void>;
  /** Well-formed inputs, by name. */
  readonly seeds: () => Readonly<Record<string, Uint8Array>>;
  /** Checksums of a changed input made right again, so that what lies behind them is reached. */
  readonly mend?: (input: Uint8Array) => Uint8Array;
  /** Pieces that mean something to the decoder. */
  readonly dictionary?: readonly Uint8Array[];
}

/** A decoder broke a promise; the message is the same for all inputs that show the same defect. */
export class Broken extends Error {
  override name = 'Broken';
}

export interface Codec<T> {
  readonly decode: (bytes: Uint8Array) => T;
  readonly encode: (value: T) => Uint8Array;
  /** Whether the decoder may throw this: the one documented kind of error. */
  readonly refuses: (error: unknown) => boolean;
  /** Every value has one form only. */
  readonly isCanonical?: boolean;
}

/** `bytes` are refused as documented, or are a value that encodes, and decodes to its like. Tells whether they were. */
export function checkRoundTrip<T>(bytes: Uint8Array, codec: Codec<T>): boolean {
  const value = decodeOrRefuse(() => codec.decode(bytes), codec.refuses);
  if (value === undefined) return false;
  const encoded = encodedAgain(() => codec.encode(value.decoded));
  if (codec.isCanonical === true && !isDeepStrictEqual(new Uint8Array(encoded), new Uint8Array(bytes)))
    throw new Broken('two forms of one value');
  const again = encodedAgain(() => codec.decode(encoded));
  if (!isDeepStrictEqual(again, value.decoded)) throw new Broken('a value comes back as another one');
  return true;
}

/** One of several decoders in a target. */
export interface Kind {
  readonly run: (bytes: Uint8Array) => void;
  readonly seeds: Readonly<Record<string, Uint8Array>>;
}

export function kind<T>(codec: Codec<T>, seeds: Kind['seeds']): Kind {
  return { run: (bytes) => void checkRoundTrip(bytes, codec), seeds };
}

/** The first byte of an input chooses among `kinds`. */
export function anyOf(kinds: readonly Kind[]): Target {
  return {
    run: (input) => kinds[(input[0] ?? 0) % kinds.length]?.run(input.subarray(1)),
    seeds: () =>
      Object.fromEntries(
        kinds.flatMap(({ seeds }, number) =>
          Object.entries(seeds).map(([name, bytes]) => [name, Uint8Array.of(number, ...bytes)]),
        ),
      ),
  };
}

/** `undefined` if it was refused as documented. */
export function decodeOrRefuse<T>(
  decode: () => T,
  refuses: (error: unknown) => boolean,
): { readonly decoded: T } | undefined {
  try {
    return { decoded: decode() };
  } catch (error) {
    if (refuses(error)) return undefined;
    throw new Broken(`an undocumented error: ${nameOf(error)}`, { cause: error });
  }
}

function encodedAgain<T>(encode: () => T): T {
  try {
    return encode();
  } catch (cause) {
    throw new Broken(`what was decoded cannot be encoded and decoded again: ${nameOf(cause)}`, { cause });
  }
}

/** The first words: what follows may quote the input. */
function nameOf(error: unknown): string {
  return String(error).slice(0, 60).replaceAll(/\d+/g, 'N');
}

export function isMalformed(error: unknown): boolean {
  return error instanceof MalformedBytes;
}

/** A `BoatoError` of one of the codes. */
export function failsWith(...codes: readonly ErrorCode[]): (error: unknown) => boolean {
  return (error) => error instanceof BoatoError && codes.includes(error.code);
}

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
