/**
 * `npm run bench:charts`: draws the ratios of `bench/RESULTS.md` against their targets, a chart for each section that has
 * any, into `bench/charts/`.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Of the package, from `dist-bench`. */
const PACKAGE = new URL('../', import.meta.url);
const RESULTS = fileURLToPath(new URL('bench/RESULTS.md', PACKAGE));
const CHARTS = new URL('bench/charts/', PACKAGE);

const WIDTH = 760;
const MARGIN = 16;
const HEAD_HEIGHT = 58;
const ROW_HEIGHT = 46;
const BAR_HEIGHT = 14;
/** Bars end here at the latest; what was measured stands right of them. */
const BAR_WIDTH_MAX = 560;
/** A bar is as long as its share of the target; it is cut off beyond so many. */
const SHARE_MAX = 2.5;

const STYLE = `text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.note { font-size: 12px; fill: #59636e }
.met { fill: #1a7f64 } .missed { fill: #c4541c }
.target { stroke: #1f2328; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .note { fill: #9198a1 }
.met { fill: #3fb594 } .missed { fill: #f0883e }
.target { stroke: #e6edf3 }
}`;

/** A row of the results whose figure and target are plain ratios. */
interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly target: number;
  readonly isLeast: boolean;
}

const sections = readFileSync(RESULTS, 'utf8')
  .split(/^(?=## )/m)
  .slice(1);
rmSync(CHARTS, { recursive: true, force: true });
mkdirSync(CHARTS, { recursive: true });
for (const section of sections) {
  const name = section.slice(3, section.indexOf('\n'));
  const bars = barsOf(section);
  if (bars.length === 0) continue;
  writeFileSync(new URL(`${name}.svg`, CHARTS), chart(name, bars));
  console.log(`bench/charts/${name}.svg`);
}

function barsOf(section: string): readonly Bar[] {
  const rows = section.matchAll(/^\| (.+) \| (\d+\.\d+) \| (\d+(?:\.\d+)?) or (more|less) \|$/gm);
  return [...rows].map(([, what, measured, target, than]) => ({
    what: what as string,
    measured: Number(measured),
    target: Number(target),
    isLeast: than === 'more',
  }));
}

function chart(name: string, bars: readonly Bar[]): string {
  const height = HEAD_HEIGHT + bars.length * ROW_HEIGHT + MARGIN;
  const scale = BAR_WIDTH_MAX / Math.min(SHARE_MAX, Math.max(1.2, ...bars.map(shareOf)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(`${name}: ${bars.map(sentence).join('; ')}`)}">
<style>${STYLE}</style>
<text class="title" x="${MARGIN}" y="24">${escaped(name)}</text>
<text class="note" x="${MARGIN}" y="44">What was measured, as a share of its target (the line).</text>
${bars.map((bar, at) => row(bar, HEAD_HEIGHT + at * ROW_HEIGHT, scale)).join('\n')}
</svg>
`;
}

function row(bar: Bar, y: number, scale: number): string {
  const width = round(Math.min(shareOf(bar), SHARE_MAX) * scale);
  const barY = y + 20;
  const targetX = round(MARGIN + scale);
  const state = isMet(bar) ? 'met' : 'missed';
  return `<text x="${MARGIN}" y="${y + 14}">${escaped(bar.what)}</text>
<rect class="${state}" x="${MARGIN}" y="${barY}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>
<line class="target" x1="${targetX}" x2="${targetX}" y1="${barY - 3}" y2="${barY + BAR_HEIGHT + 3}"/>
<text x="${MARGIN + BAR_WIDTH_MAX + 12}" y="${barY + 12}">${bar.measured} <tspan class="note">${limit(bar)}: ${state}</tspan></text>`;
}

function sentence(bar: Bar): string {
  return `${bar.what}: ${bar.measured}, ${limit(bar)}`;
}

function limit({ isLeast, target }: Bar): string {
  return `(${isLeast ? 'at least' : 'at most'} ${target})`;
}

function shareOf({ measured, target }: Bar): number {
  return measured / target;
}

function isMet(bar: Bar): boolean {
  return bar.isLeast ? shareOf(bar) >= 1 : shareOf(bar) <= 1;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
