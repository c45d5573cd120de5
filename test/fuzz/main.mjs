/** `npm run fuzz`: makes bad inputs for everything that decodes foreign bytes, and holds it to its promises. */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'vite';
import { commandLine } from '../support/command-line.mjs';

/** An input that takes as much of the processor never ends, nor does one for which a busy machine finds no time for so long. */
const HANGS_CPU_MS = 30_000;
const HANGS_MS = 300_000;

const INPUT_BYTES_MAX = 16 * 2 ** 20;
const HEAP_MIB_MAX = 1024;

const USAGE = `Usage: npm run fuzz [-- --seconds N] [--target NAME] [--seed N]
       npm run fuzz -- --target NAME --input FILE
       npm run fuzz -- --write-seeds

  --seconds      how long in all (30)
  --target       one decoder only
  --seed         makes other inputs (the time)
  --input        runs one input, as a find prints it
  --keep         adds what reached new code to the corpus
  --write-seeds  writes the well-formed inputs of the corpus anew`;

const options = commandLine({
  command: 'fuzz',
  usage: USAGE,
  numbers: { seconds: '30', seed: undefined },
  strings: ['target', 'input'],
  switches: ['keep', 'write-seeds'],
  check: ({ seconds, target, input }) => {
    if (Number(seconds) < 1) throw new Error(`--seconds takes a number from 1, not ${seconds}`);
    if (input !== undefined && target === undefined)
      throw new Error('--input is of a target: give --target, too');
  },
});
const seed = Number(options.seed ?? Date.now() % 2 ** 31);

const bundle = await bundled();
const { TARGETS, judge, keepInput, writeSeeds } = await import(bundle);
if (options.target !== undefined && TARGETS[options.target] === undefined) {
  console.error(`fuzz: there is no target ${options.target}; there are ${Object.keys(TARGETS).join(', ')}.`);
  process.exit(2);
}
if (options['write-seeds']) await writeSeeds();
else if (options.input !== undefined) await replay(options.target, options.input);
else process.exitCode = (await campaign()) ? 0 : 1;
await rm(new URL('.', bundle), { recursive: true });

/** All code in one script: its address. */
async function bundled() {
  const cache = resolve('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const outDir = await mkdtemp(join(cache, 'boato-fuzz-'));
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: 'test/fuzz/bundle-entry.ts',
      outDir,
      emptyOutDir: false,
      minify: false,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'fuzz.mjs', inlineDynamicImports: true } },
    },
  });
  return pathToFileURL(join(outDir, 'fuzz.mjs')).href;
}

async function replay(name, file) {
  await judge(TARGETS[name], new Uint8Array(await readFile(file)));
  console.log(`${name} keeps its promises on ${file}.`);
}

/** Resolves to whether nothing was found. */
async function campaign() {
  const targets = options.target === undefined ? Object.keys(TARGETS) : [options.target];
  const seconds = Number(options.seconds) / targets.length;
  const folder = await mkdtemp(join(tmpdir(), 'boato-fuzz-'));
  const lastInput = join(folder, 'last-input');
  console.log(`Should this process die, its last input is in ${lastInput}.`);
  console.log(`Seed ${seed}; ${seconds.toFixed(1)} s for each of ${targets.length}: ${targets.join(', ')}.`);
  const left = [...targets];
  let finds = 0;
  while (left.length > 0) finds += await runWorker(left, seconds, lastInput);
  await rm(folder, { recursive: true });
  console.log(finds === 0 ? 'Every promise was kept.' : `${finds} found.`);
  return finds === 0;
}

/** Takes from `left` what is done. Resolves to how many broken promises were found: the thread ends with one that hangs. */
function runWorker(left, seconds, lastInput) {
  const current = new SharedArrayBuffer(8 + INPUT_BYTES_MAX);
  const head = new Int32Array(current, 0, 2);
  const inputAtWork = () => new Uint8Array(current, 8, Atomics.load(head, 1)).slice();
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData: { bundle, targets: [...left], seconds, seed, current, lastInput },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  });
  let finds = 0;
  let isReported = true;
  /** What is told and written, one after another. */
  let ended = Promise.resolve();
  let name = left[0];
  const tellFound = (input, reason, stack) => {
    finds++;
    isReported = true;
    ended = ended.then(() => tell(name, input, reason, stack));
  };
  const exited = new Promise((done, failed) => {
    let count = -1;
    let sinceMs = performance.now();
    let usage = process.cpuUsage();
    const watch = setInterval(() => {
      const { user, system } = process.cpuUsage(usage);
      if (Atomics.load(head, 0) !== count) {
        count = Atomics.load(head, 0);
        sinceMs = performance.now();
        usage = process.cpuUsage();
      } else if (
        count > 0 &&
        ((user + system) / 1000 > HANGS_CPU_MS || performance.now() - sinceMs > HANGS_MS)
      ) {
        clearInterval(watch);
        tellFound(inputAtWork(), 'it does not end', '');
        void worker.terminate();
      }
    }, 500);
    worker.on('message', (report) => {
      if (report.begins !== undefined) {
        isReported = false;
        return (name = left.shift());
      }
      isReported = true;
      const { target, inputs, kept, tookMs, corpus, found } = report;
      const each = Math.round((inputs / tookMs) * 1000);
      console.log(
        `${target}: ${inputs} inputs (${each} a second), ${corpus} known, ${kept.length} reached more.`,
      );
      if (found !== undefined) tellFound(found.input, found.reason, found.stack);
      if (options.keep)
        ended = ended.then(async () => {
          for (const input of kept) await keepInput(target, 'reached', input);
        });
      return undefined;
    });
    worker.on('error', (error) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') tellFound(inputAtWork(), 'it takes all memory', '');
      else failed(error);
    });
    worker.on('exit', () => {
      clearInterval(watch);
      // Nothing is left to wait for, and the target still waits.
      if (!isReported) tellFound(inputAtWork(), 'it never answers', '');
      done();
    });
  });
  return exited.then(() => ended).then(() => finds);
}

async function tell(name, input, reason, stack) {
  const folder = await mkdtemp(join(tmpdir(), 'boato-fuzz-'));
  const file = join(folder, name);
  await writeFile(file, input);
  const hex = Buffer.from(input.subarray(0, 512)).toString('hex');
  console.error(`\n${name}: ${reason}.\n${stack}`);
  console.error(`${input.length} bytes: ${hex}${input.length > 512 ? '…' : ''}`);
  console.error(`npm run fuzz -- --target ${name} --input ${file}\n`);
}
