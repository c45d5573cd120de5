/** `npm run mutation:table`: what all runs of `npm run mutation` so far came to, as a table for `docs/TESTING.md`. */

import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import config from './stryker.config.mjs';

const { files } = JSON.parse(await readFile(config.incrementalFile, 'utf8'));

/** Those that no test comes to survive; ignored ones do not count. */
function countsOf(mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  return { killed: count('Killed'), timedOut: count('Timeout'), survived: count('Survived', 'NoCoverage') };
}

function line(name, { killed, timedOut, survived }) {
  const mutants = killed + timedOut + survived;
  const score = mutants === 0 ? '' : ((100 * (mutants - survived)) / mutants).toFixed(1);
  return `| ${name} | ${mutants} | ${killed} | ${timedOut} | ${survived} | ${score} |\n`;
}

let table = '| | mutants | killed | without end | survived | score, % |\n|---|--:|--:|--:|--:|--:|\n';
const rows = Object.entries(files).map(([file, { mutants }]) => ({ file, mutants }));
rows.sort((a, b) => (a.file < b.file ? -1 : 1));
for (const folder of new Set(rows.map(({ file }) => posix.dirname(file)))) {
  const own = rows.filter(({ file }) => posix.dirname(file) === folder);
  table += line(`**\`${folder}\`**`, countsOf(own.flatMap(({ mutants }) => mutants)));
  for (const { file, mutants } of own) table += line(`\`${posix.basename(file)}\``, countsOf(mutants));
}
process.stdout.write(table);
