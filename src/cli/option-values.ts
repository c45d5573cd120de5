/**
 * Parsers of option values: each bad one is a sentence that names the option, the value and what is allowed. `option` may be
 * another place, such as a variable.
 */

import ms from 'ms';
import { formatAddress, parseAddress } from '../adapters/address.ts';
import { isNodeId } from '../core/actor.ts';
import { hostOf, isHostPort, isPortless, isWildcard } from '../core/host.ts';
import { DEFAULT_LIMITS } from '../core/limits.ts';
import { parseToken } from '../core/token.ts';
import type { Dot } from '../node/api.ts';
import { encodeKey } from '../node/key.ts';
import { parseVersion } from '../server/conditions.ts';
import { type CliError, usageError } from './cli-error.ts';
import { exactSize, UNIT_BYTES } from './units.ts';

const DAY_MS = 86_400_000;

/** A number and a unit, both of which `ms` would do without. */
const DURATION = /^\d{1,15}(?:\.\d{1,9})?(?:ms|s|m|h|d|w)$/u;

/** A number and a unit of `UNIT_BYTES`. */
const SIZE = /^(?<number>\d{1,15}(?:\.\d{1,9})?)(?<unit>[KMG]iB|B)$/u;

/** Node puts it in place of every byte of the command line that is not UTF-8: what was meant is lost. */
const REPLACEMENT = '\uFFFD';

/** A parser of durations in milliseconds, for `option` as it is written. */
export function durationOption(
  option: string,
  minMs: number = 1,
  maxMs: number = 36_500 * DAY_MS,
): (text: string) => number {
  return (text) => {
    const durationMs = DURATION.test(text) ? Math.round(ms(text as ms.StringValue)) : Number.NaN;
    if (durationMs >= minMs && durationMs <= maxMs) return durationMs;
    const allowed = `a duration from ${ms(minMs)} to ${ms(maxMs)} such as 500ms, 10s, 5m or 24h`;
    throw badValue(option, text, allowed);
  };
}

/** A parser of whole numbers from `min` to `max`; leading zeros would leave open whether they are octal. */
export function wholeNumberOption(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^(?:0|[1-9]\d{0,15})$/u.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    const allowed = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
    const zeros = /^0\d/u.test(text) ? ' without leading zeros' : '';
    throw badValue(option, text, `a whole number ${allowed}${zeros}`);
  };
}

/** A parser of one of `choices`. */
export function choiceOption<Choice extends string>(
  option: string,
  choices: readonly Choice[],
): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw badValue(option, text, `one of ${choices.join(', ')}`);
  };
}

/** A parser of node and cluster names. */
export function nameOption(option: string): (text: string) => string {
  return (text) => {
    if (isNodeId(text)) return text;
    throw badValue(option, text, '1 to 64 of the characters A-Z a-z 0-9 . _ -');
  };
}

/** A parser of texts up to so many bytes of UTF-8. */
export function textOption(option: string, bytesMax: number): (text: string) => string {
  return (text) => {
    if (Buffer.byteLength(text) <= bytesMax) return text;
    throw usageError(`${option} takes ${bytesMax} bytes of UTF-8 at most, not ${Buffer.byteLength(text)}.`);
  };
}

/** A parser of sizes in bytes, with the units of powers of two: `64MB` would leave open which is meant. */
export function sizeOption(option: string, minBytes: number, maxBytes: number): (text: string) => number {
  return (text) => {
    const { number, unit } = SIZE.exec(text)?.groups ?? {};
    const bytes = Math.round(Number(number) * (UNIT_BYTES[unit ?? ''] ?? Number.NaN));
    if (bytes >= minBytes && bytes <= maxBytes) return bytes;
    const allowed = `a size from ${exactSize(minBytes)} to ${exactSize(maxBytes)} such as 512B, 64KiB, 8MiB or 1GiB`;
    throw badValue(option, text, allowed);
  };
}

/** A parser of shares such as `10%`, up to the fraction `max`. */
export function percentOption(option: string, max: number): (text: string) => number {
  return (text) => {
    const fraction = /^\d{1,3}(?:\.\d{1,9})?%$/u.test(text) ? Number(text.slice(0, -1)) / 100 : Number.NaN;
    if (fraction <= max) return fraction;
    throw badValue(option, text, `a share from 0% to ${max * 100}% such as 10%`);
  };
}

/** A parser of what is on or off. */
export function switchOption(option: string): (text: string) => boolean {
  return (text) => {
    if (text === 'true') return true;
    if (text === 'false') return false;
    throw badValue(option, text, 'true or false');
  };
}

export function fileOption(option: string): (text: string) => string {
  return (text) => {
    if (text !== '' && !text.includes('\0')) return text;
    throw badValue(option, text, 'the path of a file');
  };
}

export function folderOption(option: string): (text: string) => string {
  return (text) => {
    if (text !== '' && !text.includes('\0')) return text;
    throw badValue(option, text, 'the path of a folder');
  };
}

/** Checked before a store is looked for, let alone made. Throws `INVALID_KEY`. */
export function keyArgument(text: string): string {
  if (text.includes(REPLACEMENT)) {
    const message =
      'The key is not UTF-8, or holds U+FFFD, which stands for what is not: name it in a file for `store import`, or over HTTP.';
    throw usageError(message);
  }
  encodeKey(text, DEFAULT_LIMITS.keyBytesMax);
  return text;
}

/** A value on the command line. */
export function valueArgument(text: string): string {
  if (!text.includes(REPLACEMENT)) return text;
  throw usageError(
    'The value is not UTF-8, or holds U+FFFD, which stands for what is not: give it with --file.',
  );
}

/** Of an entry: its version, and perhaps its actor. */
export function versionOption(text: string): number | Dot {
  const version = parseVersion(text);
  if (version !== undefined) return version;
  throw badValue('--if-version', text, 'VERSION or VERSION@ACTOR, as `store get --json` shows them');
}

/** The name of a write. */
export function tokenOption(text: string): string {
  if (parseToken(text) !== undefined) return text;
  throw badValue('--after', text, 'the token that a write answered');
}

/** One more key. */
export function keysArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), keyArgument(text)];
}

/** A parser of one or more peers with commas between them. */
export function peersOption(option: string): (text: string) => readonly string[] {
  return (text) => {
    const peers = text.split(',').map((peer) => peer.trim());
    const bad = peers.find((peer) => !isPeer(peer));
    if (bad === undefined) return peers;
    throw badValue(
      option,
      bad,
      'HOST:PORT with a port from 1 to 65535 (no leading zeros; an IPv6 address in brackets), or a name that is looked up',
    );
  };
}

function isPeer(text: string): boolean {
  if (isPortless(text)) return true;
  try {
    return parseAddress(text).port > 0;
  } catch {
    return false;
  }
}

/** A parser of an address that others dial. */
export function addressOption(option: string): (text: string) => string {
  return (text) => {
    if (isHostPort(text) && !isWildcard(hostOf(text))) return text;
    throw badValue(option, text, 'HOST:PORT as other nodes dial it (an IPv6 address in brackets)');
  };
}

export function hostOption(option: string): (text: string) => string {
  return (text) => {
    try {
      parseAddress(formatAddress(text, 1));
      return text;
    } catch {
      throw badValue(option, text, 'an IPv4 or IPv6 address or a host name');
    }
  };
}

export function badValue(option: string, text: string, allowed: string): CliError {
  return usageError(`${option} takes ${allowed}, not ${JSON.stringify(text)}.`);
}
