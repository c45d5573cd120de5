/** Counts and sizes in words. */

import bytes from 'bytes';

/** `1 entry`, `2 entries`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `1.5 KB`. */
export function size(length: number): string {
  return bytes(length, { unitSeparator: ' ' }) ?? String(length);
}
