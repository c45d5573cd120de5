/** What of the code a campaign has run, as a table of Markdown. */

import type { Coverage, Share } from './coverage.ts';

/** Files that were run to less are listed. */
const LISTED_BELOW = 0.9;

export function coverageTable({ folders, files }: Coverage): readonly string[] {
  const listed = files
    .filter(({ lines }) => portion(lines) < LISTED_BELOW)
    .toSorted((a, b) => portion(a.lines) - portion(b.lines));
  const rowOf = ({ path, lines, functions, branches }: Coverage['files'][number]): string =>
    `| ${path} | ${percent(lines)} | ${percent(functions)} | ${percent(branches)} |`;
  return [
    '| run by the campaign | lines | functions | branches |',
    '|---|---:|---:|---:|',
    ...folders.map(rowOf),
    ...listed.map(rowOf),
  ];
}

function portion({ covered, total }: Share): number {
  return total === 0 ? 1 : covered / total;
}

function percent(share: Share): string {
  return `${(100 * portion(share)).toFixed(1)} %`;
}
