/** `bench/RESULTS.md`: a section for each benchmark, written anew one by one. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Benchmark, Row } from './benchmark.ts';

const HEAD = `# Results

Written by \`npm run bench\`, section by section. "Raw" is classic-level through its public API in the same run, doing
nothing else. Compare ratios, not times: the machines are small, and others use them.
`;

export interface Ran {
  readonly benchmark: Benchmark;
  readonly command: string;
  /** What it ran on, a line. */
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** Leaves the sections of other benchmarks as they are; the order is that of `known`. */
export function writeResults(path: string, ran: Ran, known: readonly Benchmark[]): void {
  const sections = readSections(path);
  sections.set(ran.benchmark.name, sectionOf(ran));
  const ordered = known.flatMap(({ name }) => sections.get(name) ?? []);
  writeFileSync(path, [HEAD, ...ordered].join('\n'));
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, figure, target = '' }) => `| ${what} | ${figure} | ${target} |`);
  return ['| | measured | target |', '|---|---|---|', ...lines].join('\n');
}

function sectionOf({ benchmark, command, machine, rows }: Ran): string {
  const { name, description } = benchmark;
  return `## ${name}\n\n${description}\n\n\`${command}\`, on ${machine}:\n\n${table(rows)}\n`;
}

function readSections(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return new Map();
  }
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(
    sections.map((section) => [section.slice(3, section.indexOf('\n')), `${section.trimEnd()}\n`]),
  );
}
