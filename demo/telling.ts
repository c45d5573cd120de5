/** How the demo speaks, and how it waits. */

import { setTimeout as delay } from 'node:timers/promises';

export function say(line: string): void {
  console.log(line);
}

export function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1e3).toFixed(0)} kB`;
}

/** Asks again and again; fails with a sentence after `deadlineMs`. */
export async function until(what: string, deadlineMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > deadlineMs) {
      throw new Error(`waited ${deadlineMs / 1000} s for ${what} in vain`);
    }
    await delay(100);
  }
}
