/**
 * `npm run mutants [NAME…]`: the named schedule of each mutant must fail under it. Ends with exit code 1 if one passes.
 */

import { startVitest } from 'vitest/node';
import { createServer } from 'vite';
import { mutate } from '../support/edited-source.mjs';

const server = await createServer({ configFile: false, logLevel: 'error', server: { middlewareMode: true } });
const { MUTANTS } = await server.ssrLoadModule('/test/mutants/mutants.ts');
await server.close();

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in MUTANTS));
if (unknown !== undefined) {
  console.error(`mutants: ${unknown} is none; known are ${Object.keys(MUTANTS).join(', ')}.`);
  process.exit(2);
}

let survivors = 0;
for (const name of asked.length > 0 ? asked : Object.keys(MUTANTS)) {
  const vitest = await startVitest(
    'test',
    ['test/property/schedules.test.ts'],
    {
      watch: false,
      pool: 'forks',
      testNamePattern: `\\[${name}\\]`,
      reporters: [{}],
      testTimeout: 20_000,
      config: false,
    },
    { plugins: [mutate(MUTANTS[name])] },
  );
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const results = tests.map((test) => test.result().state).filter((state) => state !== 'skipped');
  if (results.length !== 1) throw new Error(`${name}: ${results.length} schedules ran, instead of one`);
  const isKilled = results[0] === 'failed';
  if (!isKilled) survivors++;
  const first = tests.find((test) => test.result().state === 'failed')?.result().errors?.[0]?.message ?? '';
  console.log(
    `${isKilled ? 'killed  ' : 'SURVIVED'} ${name.padEnd(16)} ${first.split('\n')[0].slice(0, 100)}`,
  );
  await vitest.close();
}
process.exitCode = survivors === 0 ? 0 : 1;
console.log(survivors === 0 ? 'Every mutant was killed by its schedule.' : `${survivors} mutants survived.`);
process.exit();
