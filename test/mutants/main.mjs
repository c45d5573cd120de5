/** `npm run mutants`: the production code with a rule left out must not pass. */

import { startVitest } from 'vitest/node';
import { commandLine } from '../support/command-line.mjs';
import { editSource, loadModule } from '../support/edited-source.mjs';

const USAGE = `Usage: npm run mutants [-- NAME... --runs N --needed --simulate N --profile P --seed S]

  NAME        of test/mutants/mutants.ts; all, if none is named
  --runs      random schedules at most, each mutant; 0 for none (1000)
  --needed    random schedules only for those that have no schedule of their own
  --simulate  simulated runs at most, each mutant, instead of its schedule and random ones (0)
  --profile   of the simulated runs (network)
  --seed      of the random schedules, and of the first simulated run (1)

Fails if a mutant passes its named schedule, or has none and survives what is random. With --simulate
those are passed over that edit no source; without it, those of what only whole nodes do.`;

const { MUTANTS: OF_REPLICAS, MUTANTS_OF_NODES } = await loadModule('test/mutants/mutants.ts');
const { SMALL_PAGES } = await loadModule('test/model/small-pages.ts');
const { schedules } = await loadModule('test/fixtures/schedules.json');
const MUTANTS = { ...OF_REPLICAS, ...MUTANTS_OF_NODES };
const named = new Set(schedules.map(({ mutant }) => mutant));

const {
  runs,
  needed = false,
  simulate,
  profile,
  seed,
  positionals,
} = commandLine({
  command: 'mutants',
  usage: USAGE,
  numbers: { runs: '1000', simulate: '0', seed: '1' },
  strings: ['profile'],
  switches: ['needed'],
  allowPositionals: true,
  check: (_, names) => {
    const unknown = names.find((name) => !(name in MUTANTS));
    if (unknown !== undefined)
      throw new Error(`${unknown} is no mutant; known are ${Object.keys(MUTANTS).join(', ')}`);
  },
});

/** The tests of `file` over the source with `edits`. */
async function run(file, edits, more) {
  const config = { watch: false, pool: 'forks', include: [file], config: false, reporters: [{}], ...more };
  const vitest = await startVitest('test', [], config, { plugins: [editSource(edits)] });
  try {
    const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
    const ran = tests.filter((test) => test.result().state !== 'skipped');
    if (ran.length !== 1) throw new Error(`${ran.length} tests of ${file} ran, instead of one`);
    const [test] = ran;
    return {
      isFailed: test.result().state === 'failed',
      error: test.result().errors?.[0],
      meta: test.meta(),
    };
  } finally {
    await vitest.close();
  }
}

async function runNamed(name) {
  if (!named.has(name)) return undefined;
  const pattern = { testNamePattern: `\\[${name}\\]`, testTimeout: 20_000 };
  const { isFailed, error } = await run('test/property/schedules.test.ts', MUTANTS[name], pattern);
  return { isKilled: isFailed, reason: error?.message };
}

async function runRandom(name) {
  if (runs === '0' || (needed && named.has(name))) return undefined;
  const env = { MUTANT_RUNS: runs, MUTANT_SEED: seed };
  const edits = [...SMALL_PAGES, ...MUTANTS[name]];
  const { isFailed, error, meta } = await run('test/mutants/random.model.ts', edits, { env });
  if (isFailed && meta.killedBy === undefined) throw new Error(`${name}: ${error?.message}`);
  return { killedBy: meta.killedBy, reason: meta.reason };
}

async function runSimulated(name) {
  const edits = MUTANTS[name].filter(({ file }) => file.startsWith('src/'));
  if (simulate === '0' || edits.length === 0) return undefined;
  const env = { MUTANT_RUNS: simulate, MUTANT_SEED: seed, MUTANT_PROFILE: profile ?? 'network' };
  const { isFailed, error, meta } = await run('test/mutants/simulated.model.ts', edits, { env });
  if (isFailed && meta.killedBy === undefined) return { killedBy: 1, reason: error?.message };
  return { killedBy: meta.killedBy, reason: meta.reason };
}

const firstLine = (text = '') => text.split('\n')[0].slice(0, 90);

const isSimulated = simulate !== '0';
const candidates = isSimulated ? MUTANTS : OF_REPLICAS;
const names = (positionals.length > 0 ? positionals : Object.keys(candidates)).filter(
  (name) => name in candidates,
);
console.log(
  `${'mutant'.padEnd(16)} ${'its schedule'.padEnd(13)} ${(isSimulated ? 'simulated' : 'random').padEnd(10)} what was seen`,
);
let survivors = 0;

function tell(name, byName, byChance) {
  if (isSimulated && byChance === undefined) return;
  const isKilled = byName === undefined ? byChance?.killedBy !== undefined : byName.isKilled;
  if (!isKilled) survivors++;
  const schedule =
    byName === undefined ? (isSimulated ? '' : 'has none') : byName.isKilled ? 'killed' : 'SURVIVED';
  const random =
    byChance === undefined ? '' : String(byChance.killedBy ?? `> ${isSimulated ? simulate : runs}`);
  const reason = firstLine(byName?.reason ?? byChance?.reason);
  console.log(
    `${name.padEnd(16)} ${schedule.padEnd(13)} ${random.padEnd(10)} ${isKilled ? reason : 'NOTHING'}`,
  );
}

/** Two tests at once: of one mutant, or, where each has one, of two. */
const atOnce = needed ? 2 : 1;
for (let at = 0; at < names.length; at += atOnce) {
  const tried = names.slice(at, at + atOnce).map(async (name) => ({
    name,
    tests: isSimulated
      ? [undefined, await runSimulated(name)]
      : await Promise.all([runNamed(name), runRandom(name)]),
  }));
  for (const { name, tests } of await Promise.all(tried)) tell(name, ...tests);
}
console.log(survivors === 0 ? 'Every mutant was killed.' : `${survivors} mutants survived.`);
process.exit(survivors === 0 ? 0 : 1);
