/** How figures are written. */

import { highest, median } from './statistics.ts';

export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

export function ratio(value: number): string {
  return value.toFixed(2);
}

/** The median of the rounds, and the worst of them. */
export function medianAndWorst(figures: readonly number[], written: (figure: number) => string): string {
  return `${written(median(figures))} (at most ${written(highest(figures))})`;
}
