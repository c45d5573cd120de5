/** `npm run powerloss`: power is lost at many moments of a process's life, and its folder opened as it would be then. */

import { startVitest } from 'vitest/node';
import { commandLine } from '../support/command-line.mjs';

const USAGE = `Usage: npm run powerloss [-- --points N] [--seed S]

  --points  moments of each workload (500)
  --seed    which of them, and what the disk keeps beyond what was synced (1)`;

const { points, seed } = commandLine({
  command: 'powerloss',
  usage: USAGE,
  numbers: { points: '500', seed: '1' },
  check: ({ points: number }) => {
    if (Number(number) < 1) throw new Error(`--points takes a number from 1, not ${number}`);
  },
});
const vitest = await startVitest('test', ['test/process/power-loss.test.ts'], {
  watch: false,
  env: { POWERLOSS_POINTS: points, POWERLOSS_SEED: seed },
});
const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
const passed = tests.filter((test) => test.result().state === 'passed').length;
await vitest.close();
console.log(
  passed === tests.length && passed > 0
    ? `${points} power losses of each of ${passed} workloads lost nothing that was acknowledged.`
    : `${passed} of ${tests.length} workloads kept all that was acknowledged (seed ${seed}).`,
);
process.exitCode = passed === tests.length && passed > 0 ? 0 : 1;
process.exit();
