/** `npm run model`: random schedules over the production code on memory, checked after every step. */

import { startVitest } from 'vitest/node';
import { commandLine } from '../support/command-line.mjs';
import { editSource, loadModule } from '../support/edited-source.mjs';

const { FAMILIES: plain, WATCHED_FAMILIES } = await loadModule('test/model/families.ts');
const FAMILIES = Object.keys({ ...plain, ...WATCHED_FAMILIES });
const { SMALL_PAGES } = await loadModule('test/model/small-pages.ts');

const USAGE = `Usage: npm run model [-- --runs N] [--family NAME] [--seed S] [--path P]

  --runs    schedules in all, over all families (20000)
  --family  one of them only: ${FAMILIES.join(', ')}
  --seed    as a failure prints it; with --family and --path the very schedule`;

const { runs, family, seed, path } = commandLine({
  command: 'model',
  usage: USAGE,
  numbers: { runs: '20000', seed: undefined },
  strings: ['family', 'path'],
  check: ({ runs: number, family: name, seed: chosen, path: replayed }) => {
    if (Number(number) < 1) throw new Error(`--runs takes a number from 1, not ${number}`);
    if (name !== undefined && !FAMILIES.includes(name)) throw new Error(`there is no family ${name}`);
    if (replayed !== undefined && (name === undefined || chosen === undefined))
      throw new Error('--path is of one family and seed: give --family and --seed, too');
  },
});
const ofFamily = family === undefined ? Math.ceil(Number(runs) / FAMILIES.length) : Number(runs);
const each = path === undefined ? ofFamily : 1;
const env = {
  MODEL_RUNS: String(each),
  ...(family === undefined ? {} : { MODEL_FAMILY: family }),
  ...(seed === undefined ? {} : { MODEL_SEED: seed }),
  ...(path === undefined ? {} : { MODEL_PATH: path }),
};
console.log(
  `${each} schedule${each === 1 ? '' : 's'} of ${family ?? `each of ${FAMILIES.length} families`}.`,
);
const vitest = await startVitest(
  'test',
  [],
  {
    watch: false,
    pool: 'forks',
    include: ['test/model/*.model.ts'],
    config: false,
    env,
    reporters: ['default'],
  },
  { plugins: [editSource(SMALL_PAGES)] },
);
const tests = vitest.state
  .getTestModules()
  .flatMap((module) => [...module.children.allTests()])
  .filter((test) => test.result().state !== 'skipped');
const passed = tests.filter((test) => test.result().state === 'passed').length;
await vitest.close();
if (passed === tests.length && passed > 0)
  console.log(`${passed * each} schedule${passed * each === 1 ? '' : 's'} kept every promise.`);
else {
  console.log(
    'A failure prints a seed and a path: npm run model -- --family NAME --seed S --path P replays it.',
  );
  process.exitCode = 1;
}
process.exit();
