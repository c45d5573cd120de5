/** Counts, sizes and durations in words. */

import bytes from 'bytes';

/** `1 entry`, `2 entries`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `1.5 KB`. */
export function size(length: number): string {
  return bytes(length, { unitSeparator: ' ' }) ?? String(length);
}

/** What sizes that people write end with. */
export const UNIT_BYTES: Readonly<Record<string, number>> = {
  GiB: 2 ** 30,
  MiB: 2 ** 20,
  KiB: 2 ** 10,
  B: 1,
};

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `64MiB`, `1500B`: exactly so many bytes, as an option takes it. */
export function exactSize(length: number): string {
  return exact(length, UNIT_BYTES, 'B');
}

/** `1d`, `90s`: exactly so many milliseconds, as an option takes it. */
export function exactDuration(durationMs: number): string {
  return exact(durationMs, UNIT_MS, 'ms');
}

/** In the largest unit that leaves no remainder. */
function exact(amount: number, units: Readonly<Record<string, number>>, smallest: string): string {
  const fits = Object.entries(units).find(([, unit]) => amount >= unit && amount % unit === 0);
  return fits === undefined ? `${amount}${smallest}` : `${amount / fits[1]}${fits[0]}`;
}
