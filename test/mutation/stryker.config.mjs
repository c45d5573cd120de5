/**
 * `npm run mutation -- --mutate GLOB`: Stryker changes the source at one place at a time, and runs the tests that come
 * there; a change that no test notices survives. `npm run mutation:table` prints what all runs so far came to.
 */

/** Sandbox, reports, and the results of all runs so far, which later ones begin with. */
const FOLDER = '.mutation';

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/core/**/*.ts', 'src/membership/**/*.ts', 'src/gossip/**/*.ts', 'src/storage/**/*.ts'],
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  // Looking for related tests takes longer than what coverage tells: which tests come to a mutant.
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // Decisions are tried: conditions, comparisons, sums, negations. What is merely emptied is noticed by types, or at once;
  // and sentences for people, which are no test's to pin, are strings.
  mutator: {
    excludedMutations: [
      'ArrayDeclaration',
      'ArrowFunction',
      'BlockStatement',
      'ObjectLiteral',
      'StringLiteral',
    ],
  },
  // What runs as a module is loaded needs all tests, so few should be named with it (`--testFiles`).
  ignoreStatic: process.env['MUTATION_STATIC'] !== '1',
  incremental: true,
  incrementalFile: `${FOLDER}/results.json`,
  tempDirName: `${FOLDER}/sandbox`,
  cleanTempDir: 'always',
  ignorePatterns: [
    FOLDER,
    '.ci',
    'bench',
    'bin',
    'data',
    'demo',
    'dist*',
    'docs/**',
    '!docs/PROTOCOL.md',
    'examples',
    'src/cli',
    'src/server',
    'test/{cli,examples,fuzz,mutants,process,readme,server}',
  ],
  // Stryker would read it with a TypeScript older than ours: it need not be there.
  tsconfigFile: 'none.json',
  disableTypeChecks: false,
  concurrency: 1,
  // A busy machine makes tests slow, and slow is not killed. What never ends is stopped by the count of its steps.
  timeoutMS: 60_000,
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 30,
  reporters: ['progress-append-only', 'clear-text', 'html'],
  clearTextReporter: { allowColor: false, reportTests: false, skipFull: true },
  eventReporter: { baseDir: `${FOLDER}/events` },
  htmlReporter: { fileName: `${FOLDER}/report.html` },
};
