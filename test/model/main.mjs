/** `npm run model`: random schedules over the production code on memory, checked after every step. */

import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { editSource, loadModule } from '../support/edited-source.mjs';

const FAMILIES = 9;
const USAGE = `Usage: npm run model [-- --runs N] [--family NAME] [--seed S] [--path P]

  --runs    schedules in all, over all families (20000)
  --family  one family only (test/model/families.ts)
  --seed    as a failure prints it; with --path the very schedule`;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: 'string', default: '20000' },
        family: { type: 'string' },
        seed: { type: 'string' },
        path: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      console.log(USAGE);
      process.exit(0);
    }
    if (!/^[1-9]\d{0,9}$/u.test(values.runs))
      throw new Error(`--runs takes a number from 1, not ${values.runs}`);
    return values;
  } catch (error) {
    console.error(`model: ${error.message}.\n${USAGE}`);
    return process.exit(2);
  }
}

const { runs, family, seed, path } = options();
const each = family === undefined ? Math.ceil(Number(runs) / FAMILIES) : Number(runs);
const env = {
  MODEL_RUNS: String(each),
  ...(family === undefined ? {} : { MODEL_FAMILY: family }),
  ...(seed === undefined ? {} : { MODEL_SEED: seed }),
  ...(path === undefined ? {} : { MODEL_PATH: path }),
};
console.log(`${each} schedules of ${family ?? `each of ${FAMILIES} families`}.`);
const { SMALL_PAGES } = await loadModule('test/model/small-pages.ts');
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
const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
const passed = tests.filter((test) => test.result().state === 'passed').length;
await vitest.close();
if (passed === tests.length && passed > 0) console.log(`${passed * each} schedules kept every promise.`);
else {
  console.log(
    'A failure prints a seed and a path: npm run model -- --family NAME --seed S --path P replays it.',
  );
  process.exitCode = 1;
}
process.exit();
